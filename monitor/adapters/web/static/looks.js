// What the codes of looks mean: how they ended, whether logging in worked, which way a picture or a device is reached.

import { t } from "./dom.js";

export const OUTCOMES = {
  clean: ["正常应答", "answered"], fault: ["应答为错误", "answered with an error"], auth: ["要求登录", "asks for a login"], odd: ["应答异常", "an odd answer"], too_large: ["应答过大", "too large an answer"],
  broken: ["应答中断", "the answer broke off"], stalled: ["应答停滞", "the answer stalled"], tls: ["TLS 失败", "TLS failed"], foreign: ["不是该协议", "speaks something else"], timeout: ["超时", "no answer in time"],
  refused: ["拒绝连接", "refuses connections"], unreachable: ["不可达", "cannot be reached"], unresolved: ["域名无法解析", "name not resolved"], reset: ["连接被重置", "reset"], gateway: ["网关错误", "gateway error"], ours: ["本方原因", "our own trouble"],
};
export const PICTURES = {
  picture: ["取得画面", "got a picture"], corrupt: ["画面损坏", "a damaged picture"], too_large: ["画面过大", "too large a picture"], not_a_picture: ["不是画面", "not a picture"], no_stream: ["无码流", "no stream"], no_keyframe: ["无关键帧", "no key frame"],
  killed: ["解码超时", "decoding took too long"], died: ["解码失败", "decoding failed"], refused: ["登录被拒", "login refused"], unsupported: ["不支持", "not supported"], silent: ["无应答", "silent"], elsewhere: ["地址指向他处", "its address is another host's"], no_uri: ["未给出地址", "no address given"], ours: ["本方原因", "our own trouble"],
};
export const LOGINS = {
  accepted: ["成功", "accepted"], refused: ["被拒", "refused"], not_asked: ["无需登录", "not asked for"], no_credential: ["没有凭据", "no credential"], held: ["已停止登录", "held"], untried: ["未尝试", "not tried"],
};
export const WAYS = { snapshot: ["抓图", "snapshot"], stream: ["码流", "stream"] };
export const ROUTES = { direct: ["直连", "direct"], recorder: ["经录像机", "through a recorder"], platform: ["经平台", "through a platform"], file: ["文件", "by file"] };

/** The words of a code; a code that is not known stays as it is. */
export const said = (words, code) => (words[code] ? t(...words[code]) : String(code ?? ""));
