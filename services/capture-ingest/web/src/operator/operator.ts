// Lists the sessions of `borderlight serve` live, and opens new ones. For trying it; holds no secrets.
import { renderSVG } from "uqr";
import { byId, h } from "../dom";

interface Row {
  session_id: string;
  opened_at: string;
  traveller_ref: string;
  attempt: number;
  state: string;
  outcome: string | null;
  liveness: string | null;
  comparison: string | null;
  score: number | null;
  reasons: string[];
  explained: boolean;
}

function row(item: Row): HTMLElement {
  const score = item.score === null ? "" : ` ${item.score.toFixed(2)}`;
  const page = `/operator/explanations/${encodeURIComponent(item.session_id)}`;
  return h(
    "tr",
    {},
    h("td", {}, new Date(item.opened_at).toLocaleTimeString()),
    h("td", {}, item.traveller_ref),
    h("td", {}, String(item.attempt)),
    h("td", {}, item.state),
    h("td", { class: item.outcome ?? "" }, item.outcome ?? "–"),
    h("td", {}, item.liveness ?? "–"),
    h("td", {}, `${item.comparison ?? "–"}${score}`),
    h("td", {}, item.reasons.join(", ")),
    h("td", {}, item.explained ? h("a", { href: page, target: "_blank" }, "show") : null),
  );
}

let shown = "";

async function refresh(): Promise<void> {
  const text = await (await fetch("/operator/sessions", { cache: "no-store" })).text();
  // An unchanged table stays, and with it the focus of whoever is about to follow a link.
  if (text === shown) return;
  shown = text;
  const rows = JSON.parse(text) as Row[];
  const none = h("tr", {}, h("td", { colspan: "9" }, "none yet"));
  byId("sessions").replaceChildren(...(rows.length > 0 ? rows.map(row) : [none]));
}

async function open(form: HTMLFormElement): Promise<void> {
  const data = new FormData(form);
  const traveller = String(data.get("traveller"));
  const photo = data.get("photo");
  if (photo instanceof File && photo.size > 0) {
    const answer = await fetch(`/operator/documents/${encodeURIComponent(traveller)}`, { method: "PUT", body: photo });
    const said = (await answer.json()) as { detail?: string; title?: string };
    if (!answer.ok) throw new Error(said.detail ?? said.title ?? "the photograph was refused");
  }
  const language = String(data.get("language")) || null;
  const body = JSON.stringify({ traveller_ref: traveller, calm: data.get("calm") !== null, language });
  const headers = { "Content-Type": "application/json" };
  const opened = await fetch("/v1/sessions", { method: "POST", headers, body });
  const said = (await opened.json()) as { link: string; detail?: string };
  if (!opened.ok) throw new Error(said.detail ?? "the session was refused");
  byId("qr").replaceChildren(
    h("img", { alt: "", src: `data:image/svg+xml,${encodeURIComponent(renderSVG(said.link, { border: 2 }))}` }),
  );
  byId("here").setAttribute("href", said.link);
  byId("link").hidden = false;
}

byId("new").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("said").textContent = "";
  open(event.target as HTMLFormElement).then(refresh, (error: unknown) => {
    byId("said").textContent = error instanceof Error ? error.message : String(error);
  });
});

async function follow(): Promise<void> {
  for (;;) {
    await refresh().catch(() => undefined);
    await new Promise((done) => setTimeout(done, 1000));
  }
}

void follow();
