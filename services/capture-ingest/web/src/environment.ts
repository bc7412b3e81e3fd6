// What this browser can do, before anything is asked of the traveller.

import { supportedTypes } from "./recording-types";

export type Refusal = "insecure" | "in_app" | "no_camera" | "no_recorder";

const IN_APP =
  /FBAN|FBAV|FB_IAB|Instagram|\bLine\/|MicroMessenger|Twitter|Snapchat|LinkedInApp|TikTok|BytedanceWebview/i;

/** Why a capture cannot begin here; null when it can. */
export function refusal(): Refusal | null {
  if (!window.isSecureContext) return "insecure";
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (media?.getUserMedia === undefined) return IN_APP.test(navigator.userAgent) ? "in_app" : "no_camera";
  if (typeof MediaRecorder === "undefined" || supportedTypes().length === 0) return "no_recorder";
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
