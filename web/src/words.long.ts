// The longer texts of the catalogue, which only dialogs show and which come with them.

export const long = {
  office_default: "受理您这件事的信访工作机构",
  contact_default: "12345 热线",
  privacy_who: "谁在处理",
  privacy_who_text: "{office}。联系方式：{contact}。",
  privacy_purpose: "为了什么、怎么用",
  privacy_purpose_text: "只用于登记、转送、办理和答复您反映的事项，这是机关履行法定职责（《个人信息保护法》第13条、第34条、第35条，《信访工作条例》第22条）。由程序分类和提出建议，您可以要求人工处理；不做画像、不打分，不提供给被反映的一方。",
  privacy_kinds: "要哪些信息",
  privacy_kinds_text: "事情经过、诉求、发生地；不匿名的话，还有姓名和一种联系方式（电话或者住址）。证件号不是必须的。不提供的，照样登记，只是可能没法书面答复您。",
  privacy_sensitive: "敏感信息",
  privacy_sensitive_text: "健康、银行账号、行踪、不满十四周岁的孩子的信息，只在说清事情必须用到时才写；图片里用不着的身份证号、人脸请先遮住。",
  privacy_keep: "保存多久",
  privacy_keep_text: "没有提交的草稿 7 天后自动删除；提交登记的按档案管理的规定保存。这台设备上只存对话凭证和没发出去的文字，随时可以清除，不用 Cookie。",
  privacy_rights: "您的权利",
  privacy_rights_text: "可以查阅、复制、更正、删除，撤回同意，要求说明处理规则（《个人信息保护法》第44条至第50条）。更正：在核对页点“修改”，提交以后凭编号补充。其他要求请联系上面的机关，不答应的会说明理由。",
  clear_ask: "清除后，这台设备上看不到这段对话，也不能接着办没有提交的登记。已经提交的不受影响，凭编号和查询码照样能查。",
} as const;

export type LongWord = keyof typeof long;
