/** What a `.travis.yml` needs at least, by language. */
export interface Example {
  language: string;
  name: string;
  text: string;
}

export const EXAMPLES: Example[] = [
  { language: 'generic', name: 'Any', text: 'language: generic\nscript: make test' },
  { language: 'c', name: 'C', text: 'language: c\ncompiler: [gcc, clang]\nscript: make test' },
  { language: 'go', name: 'Go', text: 'language: go\ngo: [stable]' },
  {
    language: 'java',
    name: 'Java',
    text: 'language: java\njdk: [openjdk17]\nscript: mvn -B verify',
  },
  { language: 'node_js', name: 'Node.js', text: 'language: node_js\nnode_js: [lts/*]' },
  { language: 'php', name: 'PHP', text: 'language: php\nphp: ["8.3"]\nscript: vendor/bin/phpunit' },
  {
    language: 'python',
    name: 'Python',
    text: 'language: python\npython: ["3.11", "3.12"]\nscript: python -m pytest',
  },
  {
    language: 'ruby',
    name: 'Ruby',
    text: 'language: ruby\nrvm: ["3.3"]\nscript: bundle exec rake',
  },
  { language: 'rust', name: 'Rust', text: 'language: rust\nrust: [stable, beta]' },
];
