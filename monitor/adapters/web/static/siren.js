// The sound of alerts that nobody takes care of: two short tones every few seconds, until acknowledged or switched off.

const EVERY_MS = 6000;

export class Siren {
  constructor() {
    this.on = true;
    this.audio = null;
    this.timer = 0;
    this.wanted = false;
    // Browsers let a page sound only once somebody has touched it.
    addEventListener("pointerdown", () => this.wake(), { once: true });
    addEventListener("keydown", () => this.wake(), { once: true });
  }

  wake() {
    this.audio = this.audio || new AudioContext();
    if (this.wanted) this.sound(true);
  }

  toggle() {
    this.on = !this.on;
    this.sound(this.wanted);
  }

  sound(wanted) {
    this.wanted = wanted;
    document.documentElement.dataset.siren = wanted && this.on ? "1" : "";
    clearInterval(this.timer);
    if (!wanted || !this.on || !this.audio) return;
    this.beep();
    this.timer = setInterval(() => this.beep(), EVERY_MS);
  }

  beep() {
    for (const [at, pitch] of [[0, 880], [0.22, 660]]) {
      const tone = this.audio.createOscillator(), volume = this.audio.createGain(), begin = this.audio.currentTime + at;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.12, begin);
      volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.18);
      tone.connect(volume).connect(this.audio.destination);
      tone.start(begin);
      tone.stop(begin + 0.2);
    }
  }
}
