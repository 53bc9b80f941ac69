"""The simulator's page: papers as they come out, buttons for what goes wrong with printers."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Virtual printer</title>
<link rel="icon" href="data:,">
<style>
:root{--ink:#e9e6df;--soft:#9a968c;--back:#23252b;--card:#2d3038;--line:#3c4049;--bad:#e2664d;--good:#7cc08a}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
font:15px/1.5 ui-sans-serif,system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header{position:sticky;top:0;background:rgba(35,37,43,.94);border-bottom:1px solid var(--line);
padding:16px 22px;display:flex;flex-wrap:wrap;gap:10px 14px;align-items:center}
h1{font-size:1.05rem;margin:0 10px 0 0;font-weight:650}
h1 small{display:block;font-weight:400;color:var(--soft);font-size:.82rem;font-variant-numeric:tabular-nums}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:9px;
padding:8px 14px;cursor:pointer;min-height:42px}
button:hover{border-color:var(--soft)}
button:focus-visible{outline:2px solid #8ab4f8;outline-offset:2px}
button[aria-pressed=true]{background:var(--bad);border-color:var(--bad);color:#1c0b07;font-weight:650}
.gap{flex:1}
#state{color:var(--soft);font-size:.9rem;font-variant-numeric:tabular-nums}
#state.lost{color:var(--bad)}
main{padding:26px 22px;display:flex;flex-wrap:wrap;gap:26px;align-items:flex-start}
figure{margin:0;max-width:100%}
figure img{display:block;width:100%;filter:drop-shadow(0 6px 14px rgba(0,0,0,.4))}
figure.new img{animation:feed .5s ease-out}
@keyframes feed{from{transform:translateY(-18px);opacity:0}}
@media (prefers-reduced-motion:reduce){figure.new img{animation:none}}
figcaption{color:var(--soft);font-size:.85rem;padding-top:8px}
figcaption a{color:inherit}
#none{color:var(--soft)}
</style></head><body>
<header>
<h1>Virtual printer <small id="address"></small></h1>
<span id="switches"></span>
<span class="gap"></span>
<span id="state" role="status"></span>
<button data-do="tear=1">Tear off</button>
<button data-do="power=cycle">Power cycle</button>
<button id="power" data-do="power=off">Switch off</button>
</header>
<main id="papers"></main>
<script>
const names={paper_out:'Paper out',paper_low:'Paper low',cover_open:'Cover open',offline:'Offline',
cutter_jam:'Cutter jam',busy:'Busy',silent:'Silent'};
const at=id=>document.getElementById(id);
let highest=0;
for(const [key,name] of Object.entries(names)){
const b=document.createElement('button');b.textContent=name;b.id=key;b.setAttribute('aria-pressed','false');
b.onclick=()=>send(key+'='+(b.getAttribute('aria-pressed')==='true'?0:1));at('switches').append(b,' ');}
for(const b of document.querySelectorAll('[data-do]'))b.onclick=()=>send(b.dataset.do);
function send(body){fetch('/switch',{method:'POST',body}).then(r=>r.json()).then(show,lost);}
function lost(){at('state').textContent='The simulator does not answer';at('state').className='lost';}
function show(v){
at('address').textContent=v.address+(v.on?'':' \\u00b7 off');
at('power').textContent=v.on?'Switch off':'Switch on';at('power').dataset.do='power='+(v.on?'off':'on');
at('power').setAttribute('aria-pressed',String(!v.on));
for(const key in names)at(key).setAttribute('aria-pressed',String(v.conditions[key]));
at('state').className='';
at('state').textContent=v.sheets_printed+' papers \\u00b7 '+v.drawer_kicks+' drawer pulses'
+(v.unknown_commands?' \\u00b7 '+v.unknown_commands+' unknown commands':'');
const box=at('papers'),there=new Map([...box.querySelectorAll('figure')].map(f=>[f.dataset.n,f]));
if(!v.sheets.length){box.innerHTML='<p id="none">Nothing was printed yet.</p>';return;}
at('none')?.remove();
const wanted=new Set(v.sheets.map(s=>String(s.number)));
for(const [n,f] of there)if(!wanted.has(n))f.remove();
for(const s of [...v.sheets].reverse()){const n=String(s.number);if(there.has(n))continue;
const f=document.createElement('figure');f.dataset.n=n;f.className=highest&&s.number>highest?'new':'';
const time=new Date(s.at_ms).toLocaleTimeString();
f.innerHTML='<img alt="Paper '+n+'" src="/papers/'+n+'.png"><figcaption>No. '+n+' \\u00b7 '+time
+' \\u00b7 <a href="/papers/'+n+'.txt">text</a></figcaption>';
f.firstChild.onload=e=>f.style.width=e.target.naturalWidth*.6+'px';box.prepend(f);}
highest=Math.max(highest,...v.sheets.map(s=>s.number));}
const events=new EventSource('/events');
events.onmessage=e=>show(JSON.parse(e.data));events.onerror=lost;
</script></body></html>
"""
