/** The verbs that a function's name may begin with: the field's own words for what code does, one word for one act. */

export const verbs: ReadonlySet<string> = new Set(
  `
  abort accept acquire add admit advance aggregate align append apply archive arrive ask assert assign assume attach
  authorize await base64 begin bind bound build bundle cache call cancel cap capitalize catch check choose claim
  clamp classify clean clear close collapse collect combine compare compile complete compress compute concat confirm
  connect consume convert copy correct count crawl create cut date decide declare decode decompress dedupe defer
  define delay delete deliver derive describe detach detect determine digest discard discover dispatch divide drain
  draw drop emit encode end enqueue ensure enter enumerate escape estimate evaluate examine exchange execute expand expect
  explain export expose extend extract fail fetch fill filter find finish fit flatten flush fold follow forecast
  forget format freeze gather generate get give go group guard guess hash hide hold identify ignore impersonate
  import include increment index infer inject insert install interpret intersect introduce invoke join judge keep
  learn leave limit link list listen load locate lock log look lose make map mark mask match measure merge migrate
  move narrow negotiate normalize note notify observe offer omit open order pack pad paint parse partition pass paste
  pause peek pick pin plan play poll pool post prefer prefetch prefix prepare present preview price print probe
  produce prove publish pull push put queue quote raise rank read rebuild recall receive record recover redact
  redeliver reduce refill refresh refuse register reject relabel relay release reload remark remember remove rename
  render renew repeat replace reply report request reread reserve reset resolve respond restart restore resume retry
  return reuse reverse revoke rewrite roll rotate round route run sample save scale scan schedule scrape seal search
  select send separate serialize serve set settle shape share shorten show shrink sign simulate size skip sleep slice
  snapshot sort split spread stamp start stop store stream strip substitute subtract sum summarize support suspend
  take tally tell test throttle throw tidy toggle total trace track transform translate trim truncate try turn
  unescape unpack unwrap unzip update upload use validate verify visit wait wake walk warn watch widen wipe wrap
  write yield zip
`
    .trim()
    .split(/\s+/),
);

/** What a question begins with: the answer is true or false. */
export const predicates: ReadonlySet<string> = new Set(['is', 'has', 'can', 'may', 'should', 'does', 'needs']);

/** Irregular participles that are no verbs above: they name a state, so a function called by one hides that it acts. */
export const participles: ReadonlySet<string> = new Set(
  'begun brought built caught chosen done drawn found given gone held kept known left made met seen sent shown spent taken told written'.split(
    ' ',
  ),
);
