// The journey as a table: pure, walked by unit tests. Screens are functions of the state; effects live in effects/.

export const STATES = [
  "opening",
  "hand_over",
  "consent",
  "asking_camera",
  "warming",
  "placing",
  "placing_help",
  "light_check",
  "announce",
  "light",
  "sending",
  "offline",
  "waiting",
  "done",
  "later",
  "retake",
  "other_way",
  "expired",
  "used",
  "busy",
  "insecure",
  "in_app",
  "no_camera",
  "denied",
  "camera_in_use",
  "no_recorder",
  "slow_camera",
] as const;
export type State = (typeof STATES)[number];

export const EVENTS = [
  "claimed",
  "desktop",
  "already_captured",
  "interrupted",
  "agreed",
  "disagreed",
  "camera_ready",
  "camera_steady",
  "placed",
  "slow_placing",
  "try_anyway",
  "help",
  "measurable",
  "challenge_ready",
  "light_over",
  "connection_lost",
  "connection_back",
  "finished",
  "admitted",
  "referred",
  "take_again",
  "overdue",
  "again",
  "no_more_attempts",
  "try_again",
  "expired",
  "used",
  "busy",
  "insecure",
  "in_app",
  "no_camera",
  "denied",
  "camera_in_use",
  "no_recorder",
  "slow_camera",
] as const;
export type Event = (typeof EVENTS)[number];

/** What may go wrong with the camera, wherever it is opened. */
const CAMERA_TROUBLE = {
  no_camera: "no_camera",
  denied: "denied",
  camera_in_use: "camera_in_use",
  no_recorder: "no_recorder",
  slow_camera: "slow_camera",
} as const;
/** What a request may be answered with. */
const REFUSED = { expired: "expired", used: "used", busy: "busy" } as const;

export const TRANSITIONS: Record<State, Partial<Record<Event, State>>> = {
  opening: {
    ...REFUSED,
    claimed: "consent",
    desktop: "hand_over",
    already_captured: "waiting",
    interrupted: "retake",
    connection_lost: "offline",
    insecure: "insecure",
    in_app: "in_app",
    no_camera: "no_camera",
    no_recorder: "no_recorder",
    admitted: "done",
    referred: "other_way",
    take_again: "retake",
  },
  hand_over: { ...REFUSED, try_anyway: "opening", admitted: "done", referred: "other_way" },
  consent: { agreed: "asking_camera", disagreed: "other_way" },
  asking_camera: { ...CAMERA_TROUBLE, camera_ready: "warming" },
  warming: { ...CAMERA_TROUBLE, camera_steady: "placing" },
  placing: { ...CAMERA_TROUBLE, placed: "light_check", slow_placing: "placing_help", interrupted: "retake" },
  placing_help: { try_anyway: "light_check", again: "placing", help: "other_way", ...CAMERA_TROUBLE },
  light_check: { measurable: "announce", again: "placing", interrupted: "retake", ...CAMERA_TROUBLE },
  announce: {
    ...REFUSED,
    challenge_ready: "light",
    interrupted: "retake",
    connection_lost: "offline",
    no_more_attempts: "other_way",
  },
  light: { ...REFUSED, light_over: "sending", interrupted: "retake", no_more_attempts: "other_way" },
  sending: { ...REFUSED, finished: "waiting", connection_lost: "offline", interrupted: "retake" },
  offline: { ...REFUSED, connection_back: "opening", finished: "waiting", interrupted: "retake" },
  waiting: {
    admitted: "done",
    referred: "other_way",
    take_again: "retake",
    overdue: "later",
    expired: "expired",
    connection_lost: "later",
  },
  done: {},
  later: { admitted: "done", referred: "other_way", take_again: "retake", expired: "expired" },
  retake: {
    ...REFUSED,
    again: "asking_camera",
    no_more_attempts: "other_way",
    help: "other_way",
    connection_lost: "offline",
  },
  other_way: {},
  expired: {},
  used: {},
  busy: { try_again: "opening" },
  insecure: {},
  in_app: {},
  no_camera: { try_again: "opening" },
  denied: { try_again: "asking_camera" },
  camera_in_use: { try_again: "asking_camera" },
  no_recorder: {},
  slow_camera: { try_again: "asking_camera", help: "other_way" },
};

/** The state that `event` leads to, or null where the table has no way: then the event is stale and nothing happens. */
export function next(state: State, event: Event): State | null {
  return TRANSITIONS[state][event] ?? null;
}

/** States in which the camera runs; leaving them releases it. */
export const WITH_CAMERA: ReadonlySet<State> = new Set([
  "asking_camera",
  "warming",
  "placing",
  "placing_help",
  "light_check",
  "announce",
  "light",
]);
/** States that a hidden tab, a rotation or a lost camera breaks. */
export const FRAGILE: ReadonlySet<State> = new Set(["announce", "light"]);
