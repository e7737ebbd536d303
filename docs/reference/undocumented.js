import { ReflectionKind } from 'typedoc';

const SETTINGS = /(Props|Options)$/;

/**
 * What the reader of the reference would miss: an export, or a member of one, that says nothing of itself, and a setting that
 * may be left out but does not tell what holds then.
 */
export function undocumented(project) {
  const exported = (project.children ?? []).flatMap(({ children = [] }) => children);
  const members = exported.flatMap(membersOf);
  return [
    ...[...exported, ...members].filter(saysNothing).map((it) => `${it.getFullName()}: expected a docstring`),
    ...members
      .filter(lacksDefault)
      .map((it) => `${it.getFullName()}: expected @default, because the option is optional`),
  ];
}

function membersOf(reflection) {
  if (!reflection.kindOf(ReflectionKind.ClassOrInterface)) return [];
  return (reflection.children ?? []).filter((member) => !member.kindOf(ReflectionKind.Constructor));
}

/** The docstring of a function or a getter is its signature's. */
function saysNothing(reflection) {
  const { signatures = [], getSignature } = reflection;
  return ![reflection, ...signatures, getSignature].some((documented) => documented?.hasComment());
}

function lacksDefault(member) {
  if (!member.flags.isOptional || !SETTINGS.test(member.parent.name)) return false;
  return member.comment?.getTag('@default') === undefined;
}
