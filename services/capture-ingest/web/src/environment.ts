// What this browser can do, before anything is asked of the traveller.

export type Refusal = "insecure" | "in_app" | "no_camera" | "no_recorder";

const IN_APP =
  /FBAN|FBAV|FB_IAB|Instagram|\bLine\/|MicroMessenger|Twitter|Snapchat|LinkedInApp|TikTok|BytedanceWebview/i;

/** Why a capture cannot begin here; null when it can. */
export function refusal(): Refusal | null {
  if (!window.isSecureContext) return "insecure";
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (media?.getUserMedia === undefined) return IN_APP.test(navigator.userAgent) ? "in_app" : "no_camera";
  if (typeof MediaRecorder === "undefined" || recordingType() === null) return "no_recorder";
  return null;
}

/** A computer without touch: the link is better opened on a phone. */
export function isDesktop(): boolean {
  return !matchMedia("(any-pointer: coarse)").matches && navigator.maxTouchPoints === 0;
}

export function platform(): "ios" | "android" | "firefox" | "desktop" {
  const agent = navigator.userAgent;
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) return "ios";
  if (/Firefox/.test(agent)) return "firefox";
  return /Android/.test(agent) ? "android" : "desktop";
}

export const wantsLessMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** In the order of what they cost the server at equal quality. */
const TYPES = [
  "video/mp4;codecs=avc1.42E01E",
  "video/mp4;codecs=avc1.42001F",
  "video/webm;codecs=vp8",
  "video/mp4;codecs=avc1",
  "video/webm;codecs=h264",
  "video/webm;codecs=vp9",
  "video/webm",
];

export function recordingType(): string | null {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}
