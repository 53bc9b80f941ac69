import "$web/ui/tokens.css";
import { mount } from "svelte";
import { wordsReady } from "$web/language.svelte";
import App from "./App.svelte";

void wordsReady().then(() => mount(App, { target: document.getElementById("app")! }));
