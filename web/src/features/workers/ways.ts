import type { Download, EnrolmentToken } from '../../api/types';
import { bytes } from '../../lib/time';

/** The ways in which a machine joins, and the lines for them. All pure. */

export type Way = 'command' | 'image' | 'service';
export type ServiceKind = 'systemd' | 'container';

/** What the server calls the way. */
export function wayOnWire(way: Way, kind: ServiceKind): string {
  return way === 'service' && kind === 'container' ? 'container' : way;
}

/** The line to run for a way. */
export function lineFor(token: EnrolmentToken, way: Way, kind: ServiceKind): string {
  switch (way) {
    case 'command':
      return token.lines.one_command;
    case 'image':
      return token.lines.vm;
    case 'service':
      return kind === 'container' ? token.lines.container : token.lines.service.join('\n');
  }
}

/** How large the program and the image are, in words; empty when the server has none. */
export function sizesOf(downloads: readonly Download[]): { program: string; image: string } {
  const size = (...kinds: string[]): string => {
    for (const kind of kinds) {
      const found = downloads.find((one) => one.kind === kind);
      if (found) return bytes(found.size);
    }
    return '';
  };
  return { program: size('program'), image: size('disk', 'raw', 'ova') };
}

const KINDS: { kind: string; name: string; use: string }[] = [
  { kind: 'disk', name: 'Disk, qcow2', use: 'QEMU, libvirt, Proxmox' },
  { kind: 'ova', name: 'Appliance, OVA', use: 'VirtualBox, VMware' },
  { kind: 'raw', name: 'Disk, raw', use: 'a cloud’s “import image”' },
  { kind: 'kernel', name: 'Kernel', use: 'direct boot' },
  { kind: 'initrd', name: 'Initial RAM disk', use: 'direct boot' },
  { kind: 'manifest', name: 'Manifest', use: 'all digests' },
];

export interface ImageFile extends Download {
  title: string;
  use: string;
}

/** The files of the image, in the order in which people want them. */
export function imageFiles(downloads: readonly Download[]): ImageFile[] {
  return KINDS.flatMap(({ kind, name, use }) =>
    downloads
      .filter((one) => one.kind === kind)
      .map((one) => ({ ...one, title: one.arch ? `${name}, ${one.arch}` : name, use })),
  );
}

/** A digest that fits in a row: `sha256:7c1e…b04f`. */
export function shortDigest(sha256: string): string {
  return sha256.length > 12 ? `sha256:${sha256.slice(0, 4)}…${sha256.slice(-4)}` : sha256;
}
