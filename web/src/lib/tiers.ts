/** How far a worker's word counts: the words of the ladder, from the lowest step up. All pure. */

export interface TierWords {
  tier: string;
  /** `Quarantined` in a heading, `quarantined` beside the pie. */
  name: string;
  /** What leads there, or what it means. */
  note: string;
}

export const LADDER: TierWords[] = [
  {
    tier: 'quarantined',
    name: 'Quarantined',
    note: '3 known jobs, then public jobs done twice',
  },
  {
    tier: 'probation',
    name: 'Probation',
    note: 'after 10 results in a row that others confirm',
  },
  {
    tier: 'volunteer',
    name: 'Volunteer',
    note: 'after 100 confirmed results and 8 days; its results stand',
  },
  {
    tier: 'bound',
    name: 'Bound',
    note: 'only for repositories that you own yourself',
  },
];

const WORDS: ReadonlySet<string> = new Set([
  'quarantined',
  'probation',
  'volunteer',
  'bound',
  'attested',
]);

/** The word beside the pie; of a step that is not known, the lowest. */
export function tierWord(tier: string): string {
  return WORDS.has(tier) ? tier : 'quarantined';
}

/** What each step means, for the one who sets it by hand. */
export const TIERS: { tier: string; means: string }[] = [
  { tier: 'quarantined', means: 'Public repositories; every result needs a second opinion.' },
  { tier: 'probation', means: 'The same; it has agreed with others some times.' },
  { tier: 'volunteer', means: 'Its results stand; some are looked at again. No secrets.' },
  { tier: 'bound', means: 'Its results stand, as those of a repository’s own machine do.' },
  { tier: 'attested', means: 'You stand for it: it may run everything, with secrets.' },
];
