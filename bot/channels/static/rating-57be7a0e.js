import{a as e,l as t,s as n}from"./chat-d1b9ea70.js";import{t as r}from"./words.long-9a453958.js";var i,a=class extends n{constructor(){super(),this.value=0}createRenderRoot(){return this}render(){let n=r(this.words);return t`<fieldset class="rating">
      <legend>${n(`rate`)}</legend>
      <div class="stars">
        ${[1,2,3].map(e=>t`<label class=${e<=this.value?`on`:``}>
            <input type="radio" name="rating" value=${e} .checked=${this.value===e} @change=${()=>this.value=e} />
            <span class="star" aria-hidden="true">${e<=this.value?`★`:`☆`}</span><span>${n(`rate_${e}`)}</span>
          </label>`)}
      </div>
      <button type="button" class="main" ?disabled=${!this.value} @click=${()=>this.dispatchEvent(new CustomEvent(`use`,{detail:e.ratings[this.value-1]}))}>${n(`rate_send`)}</button>
    </fieldset>`}};i=a,i.properties={words:{},value:{state:!0}},customElements.define(`sf-rating`,a);