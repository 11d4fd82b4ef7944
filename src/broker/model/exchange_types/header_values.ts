import { type Field, integerOf } from "../../wire/field_table.ts";
import { fieldKey } from "../field_key.ts";

/** Numbers are compared by value, whatever their type. */
function numberOf(field: Field): number | undefined {
  if (field.type === "T") return Number(field.value);
  return field.type === "f" || field.type === "d" ? field.value : integerOf(field);
}

/** As RabbitMQ compares: by value at the top, by type and value within arrays and tables. */
export function sameValue(a: Field, b: Field): boolean {
  const left = numberOf(a);
  if (left !== undefined) return left === numberOf(b);
  if (isText(a) && isText(b)) return a.value === b.value;
  return identical(a, b) || (isEmptyList(a) && isEmptyList(b));
}

/** Integers of any width are of one type, and so are floats. */
export function sameTypeAndValue(a: Field, b: Field): boolean {
  const isFloat = (field: Field) => field.type === "f" || field.type === "d";
  return isFloat(a) === isFloat(b) && sameValue(a, b);
}

function isText({ type }: Field): boolean {
  return type === "S" || type === "x";
}

function isEmptyList(field: Field): boolean {
  if (field.type === "A") return field.value.length === 0;
  return field.type === "F" && field.value.size === 0;
}

function identical(a: Field, b: Field): boolean {
  if (a.type !== b.type) return false;
  if (a.type === "A" && b.type === "A") {
    return a.value.length === b.value.length &&
      a.value.every((item, index) => identical(item, b.value[index]!));
  }
  if (a.type === "F" && b.type === "F") {
    const others = [...b.value];
    return a.value.size === others.length &&
      [...a.value].every(([name, item], index) => {
        const [otherName, other] = others[index]!;
        return name === otherName && identical(item, other);
      });
  }
  return a.value === b.value;
}

/** Equal for fields that are the same by value, and for hardly any others. */
export function valueKey(field: Field): string {
  const number = numberOf(field);
  if (number !== undefined) return `${number}`;
  if (isText(field)) return `"${field.value}`;
  return isEmptyList(field) ? "[]" : fieldKey(field);
}
