import{a as e,c as t,u as n}from"./chat-f816b606.js";var r,i=class extends t{constructor(){super(),this.value=0}createRenderRoot(){return this}render(){let t=this.words.t;return n`<fieldset class="rating">
      <legend>${t(`rate`)}</legend>
      <div class="stars">
        ${[1,2,3].map(e=>n`<label class=${e<=this.value?`on`:``}>
            <input type="radio" name="rating" value=${e} .checked=${this.value===e} @change=${()=>this.value=e} />
            <span class="star" aria-hidden="true">${e<=this.value?`★`:`☆`}</span><span>${t(`rate_${e}`)}</span>
          </label>`)}
      </div>
      <button type="button" class="main" ?disabled=${!this.value} @click=${()=>this.dispatchEvent(new CustomEvent(`use`,{detail:e.ratings[this.value-1]}))}>${t(`rate_send`)}</button>
    </fieldset>`}};r=i,r.properties={words:{},value:{state:!0}},customElements.define(`sf-rating`,i);