// What to record, in order: first what can be committed slice by slice, then what only records.

export interface RecordingType {
  mimeType: string;
  /** How often the recorder is asked for a slice [ms]. */
  sliceMs: number;
  /** Chromium cuts MP4 at key frames only: one must come in every slice [ms]. */
  keyFrameMs?: number;
}

/** By response age measured in Chromium and Firefox; docs/live-capture.md has the figures. */
const SLICED: readonly RecordingType[] = [
  { mimeType: "video/x-matroska;codecs=avc1", sliceMs: 200 },
  { mimeType: "video/mp4;codecs=avc1.42E01E", sliceMs: 150, keyFrameMs: 230 },
  { mimeType: "video/webm;codecs=vp9", sliceMs: 200 },
  { mimeType: "video/webm;codecs=vp8", sliceMs: 200 },
  { mimeType: "video/mp4", sliceMs: 200 },
  { mimeType: "video/webm", sliceMs: 200 },
];

export const supportedTypes = (): RecordingType[] =>
  SLICED.filter(({ mimeType }) => MediaRecorder.isTypeSupported(mimeType));
