// Optional face guidance: a small detector from our own origin, loaded late and never needed.
import type { SeenFace } from "./placement";

const SIDE = 128;
const MIN_SCORE = 0.5;
const SAME_FACE = 0.3;

interface Tensor {
  readonly data: Float32Array;
}
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, Tensor>>;
}
interface Runtime {
  env: { wasm: { numThreads: number; wasmPaths: string }; logLevel: string };
  InferenceSession: { create(model: string, options: object): Promise<Session> };
  Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => unknown;
}

interface Box {
  score: number;
  x: number;
  y: number;
  width: number;
  height: number;
  roll: number;
}

/** Centres of the detector's 896 anchors in shares of the square: 16 x 16 twice, then 8 x 8 six times. */
export function anchors(): Float32Array {
  const found: number[] = [];
  for (const [grid, repeats] of [
    [16, 2],
    [8, 6],
  ] as const) {
    for (let y = 0; y < grid; y += 1) {
      for (let x = 0; x < grid; x += 1) {
        for (let k = 0; k < repeats; k += 1) found.push((x + 0.5) / grid, (y + 0.5) / grid);
      }
    }
  }
  return Float32Array.from(found);
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width / 2, b.x + b.width / 2) - Math.max(a.x - a.width / 2, b.x - b.width / 2);
  const height = Math.min(a.y + a.height / 2, b.y + b.height / 2) - Math.max(a.y - a.height / 2, b.y - b.height / 2);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

/** Boxes of the detector's raw outputs, best first, in shares of the square. */
export function decode(regressors: Float32Array, scores: Float32Array, places: Float32Array): Box[] {
  const boxes: Box[] = [];
  for (let k = 0; k < scores.length; k += 1) {
    const score = 1 / (1 + Math.exp(-Math.max(-100, Math.min(100, scores[k] ?? -100))));
    if (score < MIN_SCORE) continue;
    const at = (index: number): number => (regressors[16 * k + index] ?? 0) / SIDE;
    const [x, y] = [at(0) + (places[2 * k] ?? 0), at(1) + (places[2 * k + 1] ?? 0)];
    const roll = (Math.atan2(at(7) - at(5), at(6) - at(4)) * 180) / Math.PI;
    boxes.push({ score, x, y, width: at(2), height: at(3), roll });
  }
  boxes.sort((a, b) => b.score - a.score);
  const kept: Box[] = [];
  for (const box of boxes) if (kept.every((one) => overlap(one, box) < SAME_FACE)) kept.push(box);
  return kept;
}

export class Guidance {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D | null;
  private readonly places = anchors();

  private constructor(
    private readonly runtime: Runtime,
    private readonly session: Session,
  ) {
    this.canvas.width = SIDE;
    this.canvas.height = SIDE;
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /** Loads runtime and model; null when that is not possible or not wanted here. */
  static async load(): Promise<Guidance | null> {
    const saver = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
    if (saver || typeof WebAssembly === "undefined") return null;
    try {
      const folder = new URL("./guidance/", location.href).href;
      const runtime = (await import(`${folder}ort.wasm.min.mjs`)) as Runtime;
      runtime.env.wasm.numThreads = 1;
      runtime.env.wasm.wasmPaths = folder;
      runtime.env.logLevel = "error";
      const session = await runtime.InferenceSession.create(`${folder}face_detection.onnx`, {
        executionProviders: ["wasm"],
      });
      return new Guidance(runtime, session);
    } catch {
      return null; // The outline, light and stillness guide without it.
    }
  }

  /** Faces in the present picture, largest first; null when it cannot tell. */
  async faces(video: HTMLVideoElement): Promise<SeenFace[] | null> {
    const { videoWidth: width, videoHeight: height } = video;
    if (this.context === null || width === 0) return null;
    const scale = SIDE / Math.max(width, height);
    const [left, top] = [(SIDE - width * scale) / 2, (SIDE - height * scale) / 2];
    this.context.fillStyle = "black";
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.context.drawImage(video, left, top, width * scale, height * scale);
    const pixels = this.context.getImageData(0, 0, SIDE, SIDE).data;
    const input = new Float32Array(3 * SIDE * SIDE);
    for (let k = 0; k < SIDE * SIDE; k += 1) {
      for (let c = 0; c < 3; c += 1) input[c * SIDE * SIDE + k] = (pixels[4 * k + c] ?? 0) / 127.5 - 1;
    }
    const [name] = this.session.inputNames;
    if (name === undefined) return null;
    const outputs = await this.session.run({ [name]: new this.runtime.Tensor("float32", input, [1, 3, SIDE, SIDE]) });
    const tensors = Object.values(outputs);
    const regressors = tensors.find((tensor) => tensor.data.length === 896 * 16);
    const scores = tensors.find((tensor) => tensor.data.length === 896);
    if (regressors === undefined || scores === undefined) return null;
    return decode(regressors.data, scores.data, this.places)
      .map((box) => ({
        x: (box.x * SIDE - left) / (width * scale),
        y: (box.y * SIDE - top) / (height * scale),
        width: (box.width * SIDE) / (width * scale),
        roll: box.roll,
      }))
      .sort((a, b) => b.width - a.width);
  }
}
