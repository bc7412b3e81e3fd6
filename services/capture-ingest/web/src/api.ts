// The capture API as the page uses it. Errors are the server's problems, by their short name.

import type { ChannelFacts } from "./channel-facts";
import type { LiveAddress } from "./live-socket";

export interface Slot {
  srgb: [number, number, number];
  start_ms: number;
  duration_ms: number;
}

export interface Challenge {
  steps: Slot[];
}

export interface Claimed {
  session_id: string;
  token: string;
  agency: string;
  kept_hours: number;
  min_camera_fps: number;
  parent_origins: string[];
  calm: boolean;
  language: string | null;
  return_url: string | null;
  attempt: number;
  max_attempts: number;
}

export interface SessionState {
  session_id: string;
  state:
    | "opened"
    | "claimed"
    | "challenged"
    | "filming"
    | "committed"
    | "uploaded"
    | "finishing"
    | "captured"
    | "decided"
    | "continued"
    | "expired";
  outcome: "admit" | "refer" | "retake" | null;
  advice: string[];
  continued_by: SessionState | null;
}

export interface ClientLog {
  sha256: string;
  displayed: { step: number; at_client_ms: number }[];
  video: { started_client_ms: number; width?: number; height?: number; frame_rate?: number; locked: string[] };
  channel: ChannelFacts | null;
}

/** The server refused; `kind` is the end of the problem's type, such as "session-expired". */
export class Problem extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    readonly detail: string,
    readonly offset: number | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(`${status} ${kind}: ${detail}`);
  }
}

/** No answer at all. */
export class ConnectionLost extends Error {}

export class Api {
  constructor(
    readonly session: string,
    private token: string,
    private readonly base = new URL("../v1/sessions/", location.href).href,
  ) {}

  private async call(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.base}${encodeURIComponent(this.session)}${path}`, {
        ...init,
        method,
        headers: { ...(init.headers as Record<string, string>), Authorization: `Bearer ${this.token}` },
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ConnectionLost(String(error));
    }
    if (response.ok) return response;
    const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    const kind = String(body.type ?? "").replace("urn:borderlight:problem:", "") || "overloaded";
    const retry = response.headers.get("retry-after");
    const offset = typeof body.offset === "number" ? body.offset : null;
    throw new Problem(
      kind,
      response.status,
      String(body.detail ?? body.title ?? ""),
      offset,
      retry ? Number(retry) : null,
    );
  }

  private async post<T>(path: string, body: object): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    return (await (await this.call("POST", path, { headers, body: JSON.stringify(body) })).json()) as T;
  }

  /** Takes the session over: from now on this object acts with the new token. */
  async claim(): Promise<Claimed> {
    const claimed = await this.post<Claimed>("/claim", {});
    this.token = claimed.token;
    return claimed;
  }

  /** Where the live capture of this session is, and what acts on it. */
  live(): LiveAddress {
    const url = `${this.base.replace(/^http/, "ws")}${encodeURIComponent(this.session)}/live`;
    return { url, session: this.session, token: this.token };
  }

  challenge(calm: boolean): Promise<Challenge> {
    return this.post<Challenge>("/challenge", { calm });
  }

  retake(calm: boolean): Promise<Claimed> {
    return this.post<Claimed>("/retake", { calm });
  }

  finish(log: ClientLog): Promise<unknown> {
    return this.post("/finish", log);
  }

  async state(waitS = 0, signal?: AbortSignal): Promise<SessionState> {
    const response = await this.call("GET", `?wait_s=${waitS}`, signal ? { signal } : {});
    return (await response.json()) as SessionState;
  }

  async about(): Promise<Claimed> {
    return (await (await this.call("GET", "/page")).json()) as Claimed;
  }

  async offset(total: number): Promise<number> {
    return ((await (await this.call("GET", `/video?total=${total}`)).json()) as { offset: number }).offset;
  }

  async sendPart(part: Blob, first: number, total: number, type: string, digest: string): Promise<number> {
    const headers = {
      "Content-Type": type,
      "Content-Range": `bytes ${first}-${first + part.size - 1}/${total}`,
      "Repr-Digest": `sha-256=:${digest}:`,
    };
    const response = await this.call("PUT", "/video", { headers, body: part });
    return response.status === 202 ? ((await response.json()) as { offset: number }).offset : total;
  }
}
