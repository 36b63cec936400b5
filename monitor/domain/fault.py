"""Faults: named reasons why a device is not intact, what they mean and what to do first."""

from __future__ import annotations

from monitor.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the catalogue: its code, whether it counts by default, and its words in Chinese and English."""

    code: str
    counts: bool
    text_zh: str
    text_en: str
    first_zh: str
    first_en: str


_CATALOGUE = (
    Fault(
        "not_itself",
        True,
        "地址上应答的不是该设备",
        "something else answers at the device's address",
        "核对 IP 地址与设备是否更换",
        "check the address and whether the device was replaced",
    ),
    Fault(
        "clock_off",
        True,
        "时钟偏差超限",
        "clock deviates beyond the limit",
        "检查 NTP 设置并校时",
        "check the NTP setting and set the clock",
    ),
    Fault(
        "clock_zone",
        True,
        "时区设置错误",
        "time zone is wrong",
        "检查时区设置，UTC 不应填本地时间",
        "check the time zone: UTC must not hold local time",
    ),
    Fault(
        "clock_1970",
        True,
        "时钟未校时（停在 1970 或 2000 年）",
        "clock was never set (it stands in 1970 or 2000)",
        "检查设备电池与 NTP，断电后须重新校时",
        "check the battery and NTP: it lost its time with its power",
    ),
    Fault(
        "refused",
        True,
        "拒绝原先有效的登录",
        "refuses a login that it accepted before",
        "核对设备口令是否被改，改后更新凭据或恢复口令",
        "find out whether its password was changed; update the credential or set it back",
    ),
    Fault(
        "no_profile",
        True,
        "没有媒体配置",
        "has no media profile",
        "检查编码配置，恢复默认媒体配置",
        "check the encoder settings, restore the default media profile",
    ),
    Fault(
        "no_stream_uri",
        True,
        "不提供视频流地址",
        "gives no stream address",
        "检查 RTSP 服务与编码配置",
        "check the RTSP service and the encoder settings",
    ),
    Fault(
        "retention_short",
        True,
        "录像保存天数不足",
        "recordings do not reach back far enough",
        "检查存储容量、码率与覆盖策略",
        "check storage size, bit rate and overwriting",
    ),
    Fault(
        "recording_stopped",
        False,
        "录像已停止",
        "recording has stopped",
        "检查录像计划与存储介质",
        "check the recording schedule and the storage medium",
    ),
    Fault(
        "no_recording",
        False,
        "设备上没有录像",
        "holds no recording of its own",
        "核对录像是否由录像机保存，否则检查存储介质",
        "find out whether a recorder keeps it; else check the storage medium",
    ),
    Fault(
        "replaced",
        False,
        "设备已更换，档案过期",
        "device was replaced, its record is stale",
        "核对现场设备，更新档案后确认新序列号",
        "check the device on site, update its record, then confirm the new serial number",
    ),
    Fault(
        "uri_elsewhere",
        False,
        "媒体地址指向其他主机",
        "media address points at another host",
        "检查设备的网络与 NAT 设置",
        "check the device's network and NAT settings",
    ),
    Fault(
        "rights_short",
        False,
        "登录账户权限不足",
        "the login may not ask everything",
        "为巡检账户开通媒体与录像查询权限",
        "give the account the right to ask for media and recordings",
    ),
    Fault(
        "tls",
        False,
        "TLS 握手失败",
        "TLS handshake failed",
        "检查证书与 TLS 版本",
        "check the certificate and the TLS version",
    ),
    Fault(
        "slow",
        False,
        "应答中断或过慢",
        "answer started and then stalled",
        "检查链路质量与设备负载",
        "check the link's quality and the device's load",
    ),
    Fault(
        "odd_answer",
        False,
        "应答不符合协议",
        "answer does not follow the protocol",
        "检查固件版本",
        "check the firmware version",
    ),
    Fault(
        "no_stream",
        True,
        "取不到图像",
        "no picture can be had of it",
        "检查编码通道与 RTSP 服务，重启设备后再看",
        "check the encoder and the RTSP service; restart the device and look again",
    ),
    Fault(
        "picture_signal_loss",
        True,
        "视频信号丢失（蓝屏、彩条）",
        "video signal is lost (blue screen, colour bars)",
        "检查摄像机与录像机之间的线缆和供电",
        "check the cable and the power between camera and recorder",
    ),
    Fault(
        "picture_black",
        True,
        "画面全黑",
        "picture is black",
        "检查镜头盖、光圈、补光灯与传感器",
        "check the lens cap, the iris, the lamp and the sensor",
    ),
    Fault(
        "picture_over",
        True,
        "画面过曝发白",
        "picture is over-exposed",
        "检查曝光与光圈设置，避开直射光",
        "check exposure and iris, turn it out of direct light",
    ),
    Fault(
        "picture_stripes",
        True,
        "画面有条纹干扰",
        "picture has stripes",
        "检查接地、供电与视频线屏蔽",
        "check grounding, power and the shielding of the video cable",
    ),
    Fault(
        "picture_snow",
        True,
        "画面有雪花噪点",
        "picture is full of noise (snow)",
        "检查视频线接头与传感器",
        "check the connectors of the video cable and the sensor",
    ),
    Fault(
        "picture_covered",
        True,
        "镜头被遮挡",
        "lens is covered",
        "到现场清除遮挡物，修剪树枝",
        "remove what covers it; cut back branches",
    ),
    Fault(
        "picture_blur",
        True,
        "画面模糊（失焦、镜头脏污）",
        "picture is blurred (out of focus, or a dirty lens)",
        "清洁镜头，重新聚焦",
        "clean the lens and focus anew",
    ),
    Fault(
        "picture_cast",
        True,
        "画面偏色",
        "picture has a colour cast",
        "检查白平衡与红外滤光片切换",
        "check the white balance and the infrared filter",
    ),
    Fault(
        "picture_corrupt",
        True,
        "图像数据损坏（花屏）",
        "picture data are damaged",
        "检查链路丢包与设备负载",
        "check the link for lost packets, and the device's load",
    ),
    Fault(
        "picture_low_contrast",
        False,
        "画面对比度过低",
        "picture has hardly any contrast",
        "雾天过后再看，清洁镜头与护罩",
        "look again after fog; clean the lens and its housing",
    ),
    Fault(
        "picture_moved",
        True,
        "摄像机朝向改变",
        "camera looks elsewhere",
        "核对安装角度；若为有意调整，用 vidnet picture --reset-baseline 重设基准",
        "check where it points; if that is meant, use vidnet picture --reset-baseline",
    ),
    Fault(
        "picture_frozen",
        True,
        "画面冻结",
        "picture is frozen",
        "重启设备或编码通道",
        "restart the device or its encoder",
    ),
    Fault(
        "picture_still",
        False,
        "画面疑似冻结",
        "picture may be frozen",
        "对照画面上的时钟，再看一次",
        "compare the clock in the picture, and look again",
    ),
    Fault(
        "silent",
        False,
        "在线但记录数远低于平时",
        "online, but makes far fewer records than usual",
        "检查镜头、触发线圈与上传任务",
        "check lens, trigger and upload",
    ),
)

FAULTS: dict[str, Fault] = {fault.code: fault for fault in _CATALOGUE}
COUNTING_BY_DEFAULT: frozenset[str] = frozenset(fault.code for fault in _CATALOGUE if fault.counts)
