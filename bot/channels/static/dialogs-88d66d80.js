import{a as e,c as t,l as n,n as r,o as i,r as a,s as o}from"./chat-d1b9ea70.js";import{t as s}from"./words.long-9a453958.js";var c,l=class extends o{constructor(){super(),this.back=null,this.close=()=>{this.box.close?this.box.close():this.box.removeAttribute(`open`)},this.closed=()=>{var e;(e=this.back)==null||e.focus(),location.hash.startsWith(`#q=`)&&history.replaceState(null,``,location.pathname+location.search)},this.key=e=>{e.key===`Escape`&&e.stopPropagation()},this.name=`menu`,this.wrong=``}createRenderRoot(){return this}get box(){return this.querySelector(`dialog`)}show(e){let t=this.getRootNode();this.hasUpdated?(this.box.open||(this.back=t.activeElement),this.name=e,this.wrong=``,this.updateComplete.then(()=>{var e;this.box.open?(e=this.box.querySelector(`h2`))==null||e.focus():this.box.showModal?this.box.showModal():this.box.setAttribute(`open`,``),this.box.scrollTop=0})):this.updateComplete.then(()=>this.show(e))}render(){let e=s(this.words);return n`<dialog aria-labelledby="dialog-title" @close=${this.closed} @keydown=${this.key}>
      <header><h2 id="dialog-title" tabindex="-1">${e({menu:`menu`,privacy:`privacy`,progress:`progress`,clear:`clear`,voice:`speak`}[this.name])}</h2><button type="button" class="round" aria-label=${e(`close`)} @click=${this.close}>${i.close}</button></header>
      ${this[this.name]()}
    </dialog>`}menu(){var e,i;let o=s(this.words),c=this.host,l=[`auto`,`light`,`dark`,`contrast`],u=(e,t)=>{c.look.put(e,t),this.requestUpdate()},d=e=>{a(`lang`,e),c.speak(e)};return n`<ul class="menu">
      <li><button type="button" @click=${()=>this.show(`progress`)}>${o(`progress`)}</button></li>
      <li><button type="button" @click=${()=>this.show(`privacy`)}>${o(`privacy`)}</button></li>
      <li><fieldset><legend>${o(`theme`)}</legend>
        ${l.map(e=>n`<label><input type="radio" name="shade" .checked=${(c.look.get(`shades`)||c.theme||`auto`)===e} @change=${()=>u(`shades`,e)} />${o(`theme_${e}`)}</label>`)}
      </fieldset></li>
      <li><fieldset><legend>${o(`type`)}</legend>
        ${r.map(e=>n`<label><input type="radio" name="type" .checked=${c.look.step===e} @change=${()=>u(`type`,String(e))} />${o(`type_${e}`)}</label>`)}
      </fieldset></li>
      ${c.own&&(e=(i=window).matchMedia)!=null&&e.call(i,`(any-pointer: fine)`).matches?n`<li><label><input type="checkbox" .checked=${c.look.pointer} @change=${e=>u(`pointer`,e.target.checked?`1`:`0`)} />${o(`pointer`)}</label></li>`:t}
      ${`speechSynthesis`in window?n`<li><label><input type="checkbox" .checked=${c.look.get(`reading`)===`1`} @change=${e=>u(`reading`,e.target.checked?`1`:``)} />${o(`read_all`)}</label></li>`:t}
      <li><fieldset><legend>${o(`language`)}</legend>
        <label lang="zh-CN"><input type="radio" name="lang" .checked=${this.words.lang!==`en`} @change=${()=>d(`zh-CN`)} />中文</label>
        <label lang="en"><input type="radio" name="lang" .checked=${this.words.lang===`en`} @change=${()=>d(`en`)} />English</label>
      </fieldset></li>
      <li><button type="button" @click=${()=>(this.close(),c.anew())}>${o(`anew`)}</button></li>
      <li><button type="button" class="bad" @click=${()=>this.show(`clear`)}>${o(`clear`)}</button></li>
    </ul>`}privacy(){let e=s(this.words),t={office:this.host.office||e(`office_default`),contact:this.host.contact||e(`contact_default`)};return n`<dl class="pairs long">${[`privacy_who`,`privacy_purpose`,`privacy_kinds`,`privacy_sensitive`,`privacy_keep`,`privacy_rights`].map(r=>n`<div><dt>${e(r)}</dt><dd>${e(`${r}_text`,t)}</dd></div>`)}</dl>`}progress(){let r=s(this.words),[,i=``,a=``]=location.hash.match(/^#q=(\d+),(\d+)$/)??[],o=t=>{t.preventDefault();let n=t.target,r=e=>n.elements.namedItem(e).value.replace(/\s/g,``);this.wrong=/^\d{12}$/.test(r(`case_no`))?/^\d{6}$/.test(r(`query_code`))?``:`bad_query_code`:`bad_case_no`,this.wrong?n.elements.namedItem(this.wrong===`bad_case_no`?`case_no`:`query_code`).focus():(this.back=null,this.close(),this.host.say(e.progress(r(`case_no`),r(`query_code`))))},c=(e,i)=>{let a=this.wrong===`bad_${e}`;return n`<label for="f-${e}">${r(e)} <small>${r(`${e}_hint`)}</small></label>
        <input id="f-${e}" name=${e} inputmode="numeric" autocomplete="off" maxlength="20" .value=${i} aria-invalid=${a} aria-describedby=${a?`f-wrong`:t} />`};return n`<form class="fields tall" novalidate @submit=${o}>
      <p>${r(`progress_hint`)}</p>
      ${c(`case_no`,i)} ${c(`query_code`,a)}
      <p id="f-wrong" class="bad" role="alert">${this.wrong?r(this.wrong):``}</p>
      <button type="submit" class="main">${r(`look_up`)}</button>
    </form>`}clear(){let e=s(this.words);return n`<p>${e(`clear_ask`)}</p>
      <p class="deeds"><button type="button" class="main" @click=${()=>(this.close(),this.host.clear())}>${e(`clear_yes`)}</button><button type="button" @click=${this.close}>${e(`cancel`)}</button></p>`}voice(){let e=s(this.words);return n`<p>${e(`voice_notice`)}</p>
      <p class="deeds"><button type="button" class="main" @click=${()=>(this.close(),this.host.startListening())}>${e(`voice_ok`)}</button><button type="button" @click=${this.close}>${e(`cancel`)}</button></p>`}};c=l,c.properties={words:{},host:{},name:{state:!0},wrong:{state:!0}},customElements.define(`sf-dialogs`,l);