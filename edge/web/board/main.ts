import "$web/ui/tokens.css";
import { start } from "$web/start";
import App from "./App.svelte";

start(App);
