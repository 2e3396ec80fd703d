/** One piece of a line of YAML, by what it is. Enough to read by; the server parses. */
export interface Piece {
  text: string;
  kind: 'key' | 'value' | 'plain' | 'comment';
}

export function colorLine(line: string): Piece[] {
  const comment = /^(\s*#.*)$/.exec(line);
  if (comment) return [{ text: line, kind: 'comment' }];
  const pair = /^(\s*(?:- )*)([\w.\-/]+|"[^"]*"|'[^']*')(:)(\s.*)?$/.exec(line);
  if (pair) {
    const [, lead = '', key = '', colon = '', rest = ''] = pair;
    return [
      { text: lead, kind: 'plain' as const },
      { text: key, kind: 'key' as const },
      { text: colon, kind: 'plain' as const },
      {
        text: rest,
        kind: /^\s+[[{]?[\w"'./@-]+[\]}]?$/.test(rest) ? ('value' as const) : ('plain' as const),
      },
    ].filter((piece) => piece.text !== '');
  }
  const item = /^(\s*- )(.*)$/.exec(line);
  if (item) {
    return [
      { text: item[1] ?? '', kind: 'plain' },
      { text: item[2] ?? '', kind: 'value' },
    ];
  }
  return [{ text: line, kind: 'plain' }];
}

/** A value as YAML, for reading: what the server made of the configuration. */
export function toYaml(value: unknown, depth = 0): string {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return `${pad}[]`;
    return value
      .map((one) => {
        if (typeof one !== 'object' || one === null) return `${pad}- ${scalar(one)}`;
        return `${pad}- ${toYaml(one, depth + 1).trimStart()}`;
      })
      .join('\n');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return `${pad}{}`;
    return entries
      .map(([key, one]) => {
        if (typeof one !== 'object' || one === null) return `${pad}${key}: ${scalar(one)}`;
        const empty = Array.isArray(one) ? one.length === 0 : Object.keys(one).length === 0;
        if (empty) return `${pad}${key}: ${Array.isArray(one) ? '[]' : '{}'}`;
        return `${pad}${key}:\n${toYaml(one, depth + 1)}`;
      })
      .join('\n');
  }
  return pad + scalar(value);
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  const safe =
    /^[A-Za-z_./$][^:#\n]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return safe ? value : JSON.stringify(value);
}
