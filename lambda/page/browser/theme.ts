/** Chooses light or dark: as the system has it, or as the reader has chosen, which the browser remembers. */
import { findElement, setText } from './elements.ts';

const choices = ['system', 'light', 'dark'] as const;
type Choice = (typeof choices)[number];

const storageKey = 'ci-metrics-theme';

/** `onChange` is called whenever the colours have changed. */
export function openTheme(onChange: () => void): void {
  const button = findElement('theme', HTMLButtonElement);
  let choice = recallChoice();
  const apply = (): void => {
    document.documentElement.style.colorScheme = choice === 'system' ? 'light dark' : choice;
    setText(button, `Theme: ${choice}`);
    onChange();
  };
  button.addEventListener('click', () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length] ?? 'system';
    rememberChoice(choice);
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  apply();
}

/** A browser may forbid storage. */
function recallChoice(): Choice {
  try {
    const stored = localStorage.getItem(storageKey);
    return choices.find((choice) => choice === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

function rememberChoice(choice: Choice): void {
  try {
    localStorage.setItem(storageKey, choice);
  } catch {
    // Then it holds for as long as the page is open.
  }
}
