import "./kiosk.css";
import { start } from "$web/start";
import App from "./App.svelte";

start(App);
