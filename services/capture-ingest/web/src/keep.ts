// What survives a reload of this tab: the session and its token, never a picture.

export interface Kept {
  session: string;
  token: string;
  claimed: boolean;
}

const KEY = "borderlight";

export function recall(): Kept | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Kept> | null;
    if (found === null || typeof found.session !== "string" || typeof found.token !== "string") return null;
    return { session: found.session, token: found.token, claimed: found.claimed === true };
  } catch {
    return null;
  }
}

export function keep(kept: Kept): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is switched off: a reload then asks for a new link.
  }
}

/** The session and token of a link's fragment: `#<session>.<token>`. */
export function fromFragment(fragment: string): Kept | null {
  const found = /^#([\w-]{1,128})\.([\w-]{16,128})$/.exec(fragment);
  return found?.[1] !== undefined && found[2] !== undefined
    ? { session: found[1], token: found[2], claimed: false }
    : null;
}
