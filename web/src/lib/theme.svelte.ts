export type ThemeChoice = 'system' | 'light' | 'dark';
const KEY = 'travis-theme';

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** Light, dark, or what the system says. */
class Theme {
  choice = $state<ThemeChoice>('system');
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private systemDark = $state(this.dark.matches);
  readonly isDark = $derived(this.choice === 'system' ? this.systemDark : this.choice === 'dark');

  start(): void {
    this.choice = stored();
    this.dark.addEventListener('change', (event) => {
      this.systemDark = event.matches;
      this.apply();
    });
    this.apply();
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    try {
      if (choice === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    this.apply();
  }

  private apply(): void {
    document.documentElement.dataset['theme'] = this.isDark ? 'dark' : 'light';
  }
}

export const theme = new Theme();
