// Brightness and movement, read from a small copy of the camera picture. Pure arithmetic on RGBA pixels.

export const SAMPLE_WIDTH = 48;
export const SAMPLE_HEIGHT = 64;

/** Mean linear luminance and share of blown pixels inside the outline; the rest of the picture apart. */
export interface Brightness {
  face: number;
  around: number;
  blown: number;
}

const LINEAR = new Float32Array(256).map((_, code) => {
  const x = code / 255;
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
});

/** Linear luminance [0..1] of every pixel. */
export function luminance(rgba: Uint8ClampedArray): Float32Array {
  const values = new Float32Array(rgba.length / 4);
  for (let k = 0; k < values.length; k += 1) {
    const at = 4 * k;
    values[k] =
      0.2126 * (LINEAR[rgba[at] ?? 0] ?? 0) +
      0.7152 * (LINEAR[rgba[at + 1] ?? 0] ?? 0) +
      0.0722 * (LINEAR[rgba[at + 2] ?? 0] ?? 0);
  }
  return values;
}

/** Whether a pixel of the small picture lies in the outline: an ellipse, as drawn on the screen. */
export function inOutline(x: number, y: number): boolean {
  const dx = (x + 0.5 - SAMPLE_WIDTH / 2) / (0.3 * SAMPLE_WIDTH);
  const dy = (y + 0.5 - SAMPLE_HEIGHT * 0.46) / (0.31 * SAMPLE_HEIGHT);
  return dx * dx + dy * dy < 1;
}

export function brightness(values: Float32Array): Brightness {
  let face = 0;
  let around = 0;
  let blown = 0;
  let inside = 0;
  for (let k = 0; k < values.length; k += 1) {
    const value = values[k] ?? 0;
    if (inOutline(k % SAMPLE_WIDTH, Math.floor(k / SAMPLE_WIDTH))) {
      face += value;
      inside += 1;
      if (value > 0.93) blown += 1;
    } else {
      around += value;
    }
  }
  return { face: face / inside, around: around / (values.length - inside), blown: blown / inside };
}

/** Mean absolute change of the outline between two pictures, relative to its light. */
export function movement(before: Float32Array, after: Float32Array): number {
  let sum = 0;
  let level = 0;
  for (let k = 0; k < after.length; k += 1) {
    if (inOutline(k % SAMPLE_WIDTH, Math.floor(k / SAMPLE_WIDTH))) {
      sum += Math.abs((after[k] ?? 0) - (before[k] ?? 0));
      level += after[k] ?? 0;
    }
  }
  return level > 0 ? sum / level : 0;
}

/** How much the brightened screen added to the face's light, relative to before. */
export const response = (dark: number, lit: number): number => (dark > 1e-4 ? lit / dark - 1 : 1);

export class PictureSampler {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D | null;

  constructor(private readonly video: HTMLVideoElement) {
    this.canvas.width = SAMPLE_WIDTH;
    this.canvas.height = SAMPLE_HEIGHT;
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /** Luminance of the present picture, cut to the shape of the outline's frame; null without a picture. */
  sample(): Float32Array | null {
    const { videoWidth, videoHeight } = this.video;
    if (this.context === null || videoWidth === 0) return null;
    const width = Math.min(videoWidth, (videoHeight * SAMPLE_WIDTH) / SAMPLE_HEIGHT);
    const height = Math.min(videoHeight, (videoWidth * SAMPLE_HEIGHT) / SAMPLE_WIDTH);
    const left = (videoWidth - width) / 2;
    const top = (videoHeight - height) / 2;
    this.context.drawImage(this.video, left, top, width, height, 0, 0, SAMPLE_WIDTH, SAMPLE_HEIGHT);
    return luminance(this.context.getImageData(0, 0, SAMPLE_WIDTH, SAMPLE_HEIGHT).data);
  }
}
