// The chain that fixes a film while it is recorded: link_i = SHA-256(link_(i-1) ‖ slice_i).

const DOMAIN = "borderlight.live.v1\0";

export function hex(bytes: ArrayBuffer | Uint8Array): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The value before the first link; `nonce` comes from the server. */
export function chainStart(session: string, nonce: string): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(new TextEncoder().encode(`${DOMAIN}${session}\0${nonce}`));
}

export function nextLink(before: Uint8Array, slice: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(joined(before, new Uint8Array(slice)));
}
