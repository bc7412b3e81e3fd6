// The page that embeds us: greeted only when its origin is configured, told states and nothing else.
import type { State } from "./machine";

let origin: string | null = null;
let allowed: readonly string[] = [];
let waiting: { state: State; outcome: string | null } | null = null;
let greeted: string | null = null;

export const isEmbedded = (): boolean => window.parent !== window;

function settle(): void {
  if (greeted !== null && allowed.includes(greeted)) origin = greeted;
  if (origin !== null && waiting !== null) tell(waiting.state, waiting.outcome);
}

/** Origins that may embed the page, as the server says. */
export function allow(origins: readonly string[]): void {
  allowed = origins;
  settle();
}

export function listen(): void {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || (event.data as { type?: unknown })?.type !== "borderlight:hello") return;
    greeted = event.origin;
    settle();
  });
}

export function tell(state: State, outcome: string | null): void {
  waiting = { state, outcome };
  if (origin !== null) window.parent.postMessage({ type: "borderlight:state", state, outcome }, origin);
}
