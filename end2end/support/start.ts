// Starts the program that most tests share, with a demo of a size that makes cohorts both small and not small.

import { Holdfast } from "./holdfast.ts";

const CUSTOMERS = "2000";

export default async function start(): Promise<() => Promise<void>> {
  const holdfast = await Holdfast.start(["--demo-customers", CUSTOMERS]);
  try {
    await holdfast.demoLoaded();
  } catch (error) {
    await holdfast.stop();
    throw error;
  }
  process.env["HOLDFAST_URL"] = holdfast.url;
  process.env["HOLDFAST_COOKIE"] = holdfast.cookie;
  return () => holdfast.stop();
}
