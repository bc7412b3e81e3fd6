// Languages: one file each, loaded when wanted.
import type { Words } from "./words/shape";

export const LANGUAGES = { en: "English", es: "Español", fr: "Français", ar: "العربية", zh: "简体中文" } as const;
export type Language = keyof typeof LANGUAGES;

const LOADERS: Record<Language, () => Promise<{ words: Words }>> = {
  en: () => import("./words/en"),
  es: () => import("./words/es"),
  fr: () => import("./words/fr"),
  ar: () => import("./words/ar"),
  zh: () => import("./words/zh"),
};

export function isLanguage(text: string | null | undefined): text is Language {
  return text !== null && text !== undefined && Object.hasOwn(LANGUAGES, text);
}

/** The first of the wanted languages that we speak; English otherwise. */
export function choose(wanted: readonly (string | null | undefined)[]): Language {
  for (const one of wanted) {
    const short = one?.slice(0, 2).toLowerCase();
    if (isLanguage(short)) return short;
  }
  return "en";
}

export async function load(language: Language): Promise<Words> {
  return (await LOADERS[language]()).words;
}

/** A duration as the language says it: in days where they come out whole, else in hours. */
export function duration(hours: number, language: string): string {
  const [count, unit] = hours >= 24 && hours % 24 === 0 ? [hours / 24, "day"] : [Math.ceil(hours), "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** `text` with {names} filled in, its first letter a capital: a name may begin the sentence. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  const filled = text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
  return filled.charAt(0).toLocaleUpperCase() + filled.slice(1);
}
