// What survives a reload of this tab: the session and its token, never a picture.

export interface StoredSession {
  session: string;
  token: string;
  claimed: boolean;
}

const KEY = "borderlight";

/** The session of this tab before a reload; null when there was none. */
export function loadSession(): StoredSession | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<StoredSession> | null;
    if (stored === null || typeof stored.session !== "string" || typeof stored.token !== "string") return null;
    return { session: stored.session, token: stored.token, claimed: stored.claimed === true };
  } catch {
    return null;
  }
}

export function storeSession(session: StoredSession): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Storage is switched off: a reload then asks for a new link.
  }
}

/** The session and token of a link's fragment: `#<session>.<token>`. */
export function sessionOfLink(fragment: string): StoredSession | null {
  const parts = /^#([\w-]{1,128})\.([\w-]{16,128})$/.exec(fragment);
  return parts?.[1] !== undefined && parts[2] !== undefined
    ? { session: parts[1], token: parts[2], claimed: false }
    : null;
}
