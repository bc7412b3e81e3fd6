// The live capture, protocol borderlight.live.v1: colours come one by one, slices of the film are committed as they end.
import { ConnectionLost, Problem } from "./api";
import type { Painted } from "./colour-screen";
import { chainStart, hex, nextLink } from "./hash-chain";

const OPEN_MS = 5000;
const SEAL_MS = 6000;
/** Slices with bytes that the server wants before the first colour. */
export const LINKS_BEFORE_BEGIN = 2;

export interface ReleasedSlot {
  k: number;
  srgb: [number, number, number];
  duration_ms: number;
  last: boolean;
}

export interface LiveAddress {
  url: string;
  session: string;
  token: string;
}

type Message = { type: string } & Record<string, unknown>;

/** Resolves or rejects once, from outside. */
class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (reason: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Somebody may wait later, or never.
    this.promise.catch(() => undefined);
  }
}

export class LiveSocket {
  readonly slots: ReleasedSlot[] = [];
  private link: Uint8Array | null = null;
  private links = 0;
  private withBytes = 0;
  /** Slices are hashed and sent one after the other, whenever they come. */
  private queue: Promise<void>;
  private painted: Painted[] = [];
  private readonly accepted = new Deferred<void>();
  private readonly ready = new Deferred<void>();
  private readonly enough = new Deferred<void>();
  private readonly sealed = new Deferred<void>();
  /** Rejects when the server ends the capture or the socket is lost. */
  private readonly over = new Deferred<never>();
  private isOpen = false;

  private constructor(
    private readonly socket: WebSocket,
    private readonly address: LiveAddress,
  ) {
    this.queue = this.accepted.promise;
    socket.addEventListener("message", (event) => this.onMessage(JSON.parse(String(event.data)) as Message));
    socket.addEventListener("close", () => this.onClose());
  }

  /** Opens the socket and says hello; throws ConnectionLost when this network or server has no live captures. */
  static open(address: LiveAddress, mime: string, calm: boolean): Promise<LiveSocket> {
    return new Promise((done, failed) => {
      const socket = new WebSocket(address.url);
      const live = new LiveSocket(socket, address);
      const timer = setTimeout(() => socket.close(), OPEN_MS);
      socket.addEventListener("open", () => {
        clearTimeout(timer);
        live.isOpen = true;
        live.say({ type: "hello", protocol: "borderlight.live.v1", token: address.token, mime, calm });
        done(live);
      });
      socket.addEventListener("close", () => {
        clearTimeout(timer);
        failed(new ConnectionLost("no live capture"));
      });
    });
  }

  private say(message: Message): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private onMessage(message: Message): void {
    switch (message.type) {
      case "accepted":
        void chainStart(this.address.session, String(message.nonce)).then((start) => {
          this.link = start;
          this.accepted.resolve();
        });
        break;
      case "ping":
        this.say({ type: "pong", n: message.n });
        break;
      case "ready":
        this.ready.resolve();
        break;
      case "slot":
        this.slots.push(message as unknown as ReleasedSlot);
        break;
      case "sealed":
        this.sealed.resolve();
        break;
      case "closed":
        this.fail(new Problem(String(message.kind), 0, ""));
        break;
    }
  }

  private onClose(): void {
    this.fail(this.isOpen ? new Problem("interrupted", 0, "the socket was lost") : new ConnectionLost());
  }

  private fail(error: Error): void {
    for (const waiting of [this.accepted, this.ready, this.enough, this.sealed, this.over]) waiting.reject(error);
  }

  /** Commits a slice of the recorder; every one counts, the empty ones too. */
  commit(slice: Blob): void {
    const made = performance.now();
    this.queue = this.queue.then(async () => {
      if (this.link === null) return;
      this.link = await nextLink(this.link, await slice.arrayBuffer());
      const painted = this.painted.splice(0).map(({ step, at }) => [step, at]);
      this.say({ type: "link", i: this.links, bytes: slice.size, link: hex(this.link), made, painted });
      this.links += 1;
      if (slice.size > 0) this.withBytes += 1;
      if (this.withBytes >= LINKS_BEFORE_BEGIN) this.enough.resolve();
    });
    this.queue.catch(() => undefined);
  }

  /** Resolves when the first colour may be asked for. Throws Problem. */
  async whenReady(): Promise<void> {
    await Promise.all([this.ready.promise, this.enough.promise]);
  }

  /** Asks for the colours; they come into `slots`. Rejects when the capture ends before its time. */
  begin(): Promise<never> {
    this.say({ type: "begin" });
    return this.over.promise;
  }

  /** Notes a paint; the first is told at once, the others with the next slice. */
  note(painted: Painted): void {
    this.painted.push(painted);
    if (painted.step === 0) this.say({ type: "painted", k: 0 });
  }

  /** Closes the chain after the last slice; resolves when the server has sealed it. Throws Problem. */
  async end(): Promise<void> {
    await this.queue;
    if (this.link !== null) this.say({ type: "end", links: this.links, link: hex(this.link) });
    const late = setTimeout(() => this.socket.close(), SEAL_MS);
    try {
      await this.sealed.promise;
    } finally {
      clearTimeout(late);
      this.close();
    }
  }

  close(): void {
    this.socket.close();
  }
}
