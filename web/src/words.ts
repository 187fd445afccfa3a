// Every text of the page, in one catalogue; its second half is in words.long.ts. What the bot says comes from the server and is not here.

export const zh = {
  title: "诉访通",
  subtitle: "说说您的事，看该走哪条路",
  subtitle_office: "{office} · 说说您的事，看该走哪条路",
  skip: "跳到输入框",
  danger: "人身危险先拨",
  danger_110: "报警",
  danger_120: "急救",
  danger_119: "火警",
  danger_12356: "心里难受",
  elder: "长辈版",
  elder_off: "标准版",
  human: "转人工",
  more: "更多",
  close_chat: "收起对话",
  log: "对话",
  news: "新消息",
  you: "您",
  bot: "诉访通",
  input: "在这里输入您想说的话",
  placeholder: "说说您遇到的事",
  send: "发送",
  attach: "添加照片、PDF 或录音",
  speak: "语音输入",
  choices: "可以选",
  too_long: "还能写 {left} 字",
  over: "超出 {over} 字，请分几次发",
  typing: "正在处理",
  starting: "正在连接",
  lost: "连接中断，正在重连…您写的都在，不会丢",
  offline: "现在没有网络，您写的都在，联网后自动发送",
  retry: "再试一次",
  step: "第 {step} 步，共 {of} 步",
  skip_question: "不想说，跳过这一项",
  why: "为什么问这个",
  notice_link: "查看完整说明",
  earlier: "看前面说过的",
  earlier_hide: "只看现在这一步",
  advice: "建议的办法",
  by_when: "最晚",
  days_left: "还有 {days} 天",
  days_over: "已过 {days} 天",
  print_materials: "打印准备材料清单",
  others: "另外的路",
  basis: "依据",
  basis_one: "《{law}》第{article}条{part}",
  summary: "请核对",
  edit: "修改",
  edit_line: "修改第 {n} 项：{label}",
  edit_value: "把“{label}”改成",
  save: "改好了",
  cancel: "取消",
  receipt: "已登记",
  case_no: "编号",
  query_code: "查询码",
  next: "下一步",
  keep_secret: "查询码只有您知道，请收好，别给别人看。",
  progress: "查进度",
  progress_of: "办理进度 {case_no}",
  overdue: "已超期",
  urge: "催办",
  emergency: "请先保证安全",
  call: "拨打 {number}",
  hours: "人工时间",
  read: "朗读",
  read_stop: "停止朗读",
  with_files: "（附件：{names}）",
  again: "开始新的对话",
  aside: "怎么用",
  aside_1: "说说什么事",
  aside_1_text: "用您自己的话，想到哪儿说到哪儿。说过的不会再问。",
  aside_2: "看该走哪条路",
  aside_2_text: "告诉您找谁、先做什么、最晚哪天、带什么，每条都有依据。",
  aside_3: "要登记就登记",
  aside_3_text: "您核对无误才提交，当场给编号和查询码，不收费。",
  aside_4: "随时查进度",
  aside_4_text: "凭编号和查询码，还可以催办、补充、评价。",
  cleared: "本机记录已清除",
  privacy: "个人信息说明",
  privacy_short: "姓名、电话、住址只用于办理这件事，不给被反映的一方；不提供也照样登记。草稿 7 天后自动删除。",
} as const;

/** What the page says to the bot in the person's place. The bot understands Chinese, so this is not translated. */
export const spoken = {
  skip: "不想说",
  human: "转人工",
  urge: "催办",
  files: "这是我的材料",
  edit: (n: number, value: string) => `第${n}项改成${value}`,
  edit_ask: (n: number) => `改第${n}项`,
  progress: (case_no: string, query_code: string) => `查进度，编号 ${case_no}，查询码 ${query_code}`,
  ratings: ["不满意", "基本满意", "满意"],
} as const;

export type Word = keyof typeof zh;

/** What is known of the catalogue so far: the texts of parts that come on demand come with them. */
const known: Record<string, string> = { ...zh };

export function learn(more: Record<string, string>): void {
  Object.assign(known, more);
}

export type Values = Record<string, string | number>;

/** Puts values in, once: a value that looks like a place is left alone. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** The catalogue and its language together. */
export class Words {
  constructor(
    readonly lang: string = "zh-CN",
    private readonly all: Record<string, string> = known,
  ) {}

  t = (word: Word, values: Values = {}): string => fill(this.all[word]!, values);
}

export async function words(lang: string): Promise<Words> {
  if (!lang.toLowerCase().startsWith("en")) return new Words();
  const { en } = await import("./words.en");
  return new Words("en", en);
}
