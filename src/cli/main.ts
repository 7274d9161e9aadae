#!/usr/bin/env node
// The command `annex`.

import { enableCompileCache } from "node:module";
import { Command } from "commander";
import { up } from "./up.ts";

enableCompileCache();

const program = new Command("annex").description("Kubernetes API aggregation without a cluster").showHelpAfterError();

program
  .command("up")
  .description("start a control plane with the aggregation layer, in the foreground")
  .option("--secure-port <port>", "the port to listen on", "6443")
  .option("--bind-address <address>", "the address to listen on", "127.0.0.1")
  .option("--data-dir <directory>", "where everything is kept", ".annex")
  .option("--extension <file...>", "an extension server to start and register; may be given several times", [])
  .option("--service-cluster-ip-range <range>", "where services get their addresses from", "10.96.0.0/16")
  .option("--token-auth-file <file>", 'bearer tokens, a line each: token,user,uid,"group1,group2"')
  .action(up);

await program.parseAsync();
