<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <context>
  <name>QuantLoupe</name>
  <message>
   <source>	Q(w)</source>
   <translation>	Q(w)</translation>
  </message>
  <message>
   <source> GiB</source>
   <translation> GiB</translation>
  </message>
  <message>
   <source> and </source>
   <translation> und </translation>
  </message>
  <message>
   <source> and %1 more</source>
   <translation> und %1 weitere</translation>
  </message>
  <message>
   <source> asymmetric</source>
   <translation> asymmetrisch</translation>
  </message>
  <message>
   <source> dpi</source>
   <translation> dpi</translation>
  </message>
  <message>
   <source> groups</source>
   <translation> Gruppen</translation>
  </message>
  <message>
   <source> tokens</source>
   <translation> Tokens</translation>
  </message>
  <message>
   <source> σ</source>
   <translation> σ</translation>
  </message>
  <message>
   <source>"%1" is no group size; give whole numbers such as 128, 64, 32, 16.</source>
   <translation>„%1“ ist keine Gruppengröße; ganze Zahlen angeben, etwa 128, 64, 32, 16.</translation>
  </message>
  <message>
   <source>%</source>
   <translation>%</translation>
  </message>
  <message>
   <source>%1
F2 or double-click to edit, for example int4:group=128,asym</source>
   <translation>%1
F2 oder Doppelklick zum Bearbeiten, zum Beispiel int4:group=128,asym</translation>
  </message>
  <message>
   <source>%1
Smoothed in the plan: %2</source>
   <translation>%1
Im Plan geglättet: %2</translation>
  </message>
  <message>
   <source>%1  error %2</source>
   <translation>%1  Fehler %2</translation>
  </message>
  <message>
   <source>%1 %</source>
   <translation>%1 %</translation>
  </message>
  <message>
   <source>%1 %2</source>
   <translation>%1 %2</translation>
  </message>
  <message>
   <source>%1 = %2 + %3 + %4 + %5</source>
   <translation>%1 = %2 + %3 + %4 + %5</translation>
  </message>
  <message>
   <source>%1 M parameter Llama, %2 blocks, %3; error of W8 per channel by block and role, measured</source>
   <translation>Llama mit %1 M Parametern, %2 Blöcke, %3; Fehler von W8 pro Kanal nach Block und Rolle, gemessen</translation>
  </message>
  <message>
   <source>%1 The plan has changed since.</source>
   <translation>%1 Der Plan hat sich seitdem geändert.</translation>
  </message>
  <message>
   <source>%1 Unit: %2.</source>
   <translation>%1 Einheit: %2.</translation>
  </message>
  <message>
   <source>%1 alone does not repair this group</source>
   <translation>%1 allein behebt diese Gruppe nicht</translation>
  </message>
  <message>
   <source>%1 and %2 more</source>
   <translation>%1 und %2 weitere</translation>
  </message>
  <message>
   <source>%1 and, if there is one, its bias %2 are divided by S.</source>
   <translation>%1 und, falls vorhanden, sein Bias %2 werden durch S geteilt.</translation>
  </message>
  <message>
   <source>%1 at damping %2</source>
   <translation>%1 bei Dämpfung %2</translation>
  </message>
  <message>
   <source>%1 at damping %2: %3 failed, with %4 first</source>
   <translation>%1 bei Dämpfung %2: %3 gescheitert, zuerst mit %4</translation>
  </message>
  <message>
   <source>%1 blocks, %2 linears</source>
   <translation>%1 Blöcke, %2 Schichten</translation>
  </message>
  <message>
   <source>%1 by block and role</source>
   <translation>%1 nach Block und Rolle</translation>
  </message>
  <message>
   <source>%1 can be opened, or give its activations to the model that is open.</source>
   <translation>%1 kann geöffnet werden oder seine Aktivierungen dem offenen Modell geben.</translation>
  </message>
  <message>
   <source>%1 channels by smallest and largest value, in %2 groups.</source>
   <translation>%1 Kanäle nach kleinstem und größtem Wert, in %2 Gruppen.</translation>
  </message>
  <message>
   <source>%1 channels, log</source>
   <translation>%1 Kanäle, log</translation>
  </message>
  <message>
   <source>%1 code %2</source>
   <translation>%1 Code %2</translation>
  </message>
  <message>
   <source>%1 could not be written: %2. Choose another folder or free some space.</source>
   <translation>%1 konnte nicht geschrieben werden: %2. Einen anderen Ordner wählen oder Platz schaffen.</translation>
  </message>
  <message>
   <source>%1 days ago</source>
   <translation>vor %1 Tagen</translation>
  </message>
  <message>
   <source>%1 dead channels keep S = 1</source>
   <translation>%1 tote Kanäle behalten S = 1</translation>
  </message>
  <message>
   <source>%1 does not exist (any more). Check the path, or that its disk is mounted.</source>
   <translation>%1 gibt es nicht (mehr). Pfad prüfen, oder ob der Datenträger eingehängt ist.</translation>
  </message>
  <message>
   <source>%1 failed: %2</source>
   <translation>%1 ist fehlgeschlagen: %2</translation>
  </message>
  <message>
   <source>%1 figures are still being measured.</source>
   <translation>%1 Zahlen werden noch gemessen.</translation>
  </message>
  <message>
   <source>%1 fit; %2 selected now, %3 afterwards</source>
   <translation>%1 passen; %2 jetzt ausgewählt, %3 danach</translation>
  </message>
  <message>
   <source>%1 groups</source>
   <translation>%1 Gruppen</translation>
  </message>
  <message>
   <source>%1 groups that cannot be folded</source>
   <translation>%1 Gruppen, die sich nicht falten lassen</translation>
  </message>
  <message>
   <source>%1 groups with locked linears</source>
   <translation>%1 Gruppen mit gesperrten Schichten</translation>
  </message>
  <message>
   <source>%1 groups without a measured optimum</source>
   <translation>%1 Gruppen ohne gemessenes Optimum</translation>
  </message>
  <message>
   <source>%1 has unsaved edits.</source>
   <translation>%1 hat ungespeicherte Änderungen.</translation>
  </message>
  <message>
   <source>%1 if the what-if of the inspector were applied</source>
   <translation>%1, wenn die Probe des Inspektors angewendet würde</translation>
  </message>
  <message>
   <source>%1 input channels</source>
   <translation>%1 Eingangskanäle</translation>
  </message>
  <message>
   <source>%1 instead of %2</source>
   <translation>%1 statt %2</translation>
  </message>
  <message>
   <source>%1 is a plan for %2. Open that model first, then the plan.</source>
   <translation>%1 ist ein Plan für %2. Erst dieses Modell öffnen, dann den Plan.</translation>
  </message>
  <message>
   <source>%1 is a plan for another model (%2): %3 of its linears are not in this one, %4 first. Open its own model.</source>
   <translation>%1 ist ein Plan für ein anderes Modell (%2): %3 seiner Schichten gibt es hier nicht, zuerst %4. Das zugehörige Modell öffnen.</translation>
  </message>
  <message>
   <source>%1 is best at alpha %2 with %3.</source>
   <translation>%1 ist am besten bei alpha %2 mit %3.</translation>
  </message>
  <message>
   <source>%1 is divided by S.</source>
   <translation>%1 wird durch S geteilt.</translation>
  </message>
  <message>
   <source>%1 is in the comparison already.</source>
   <translation>%1 ist schon im Vergleich.</translation>
  </message>
  <message>
   <source>%1 is now %2.</source>
   <translation>%1 ist jetzt %2.</translation>
  </message>
  <message>
   <source>%1 is there already. Replace it?</source>
   <translation>%1 gibt es dort schon. Ersetzen?</translation>
  </message>
  <message>
   <source>%1 linears</source>
   <translation>%1 Schichten</translation>
  </message>
  <message>
   <source>%1 locked</source>
   <translation>%1 gesperrt</translation>
  </message>
  <message>
   <source>%1 looked at, %2 would change.</source>
   <translation>%1 angesehen, %2 würden sich ändern.</translation>
  </message>
  <message>
   <source>%1 min left</source>
   <translation>noch %1 min</translation>
  </message>
  <message>
   <source>%1 more</source>
   <translation>%1 weitere</translation>
  </message>
  <message>
   <source>%1 needs a value.</source>
   <translation>%1 braucht einen Wert.</translation>
  </message>
  <message>
   <source>%1 not decided.</source>
   <translation>%1 nicht entschieden.</translation>
  </message>
  <message>
   <source>%1 of %2</source>
   <translation>%1 von %2</translation>
  </message>
  <message>
   <source>%1 of %2 (%3)</source>
   <translation>%1 von %2 (%3)</translation>
  </message>
  <message>
   <source>%1 of %2 channels</source>
   <translation>%1 von %2 Kanälen</translation>
  </message>
  <message>
   <source>%1 of %2 channels from %3 on</source>
   <translation>%1 von %2 Kanälen ab %3</translation>
  </message>
  <message>
   <source>%1 of %2 channels in %3 inputs: %4 of the multiplication in 16 bits</source>
   <translation>%1 von %2 Kanälen in %3 Eingängen: %4 der Multiplikation in 16 Bit</translation>
  </message>
  <message>
   <source>%1 of %2 channels, %3 of %4 sampled tokens</source>
   <translation>%1 von %2 Kanälen, %3 von %4 Tokens der Stichprobe</translation>
  </message>
  <message>
   <source>%1 of %2 codes used, %3 dead, %4 at the ends</source>
   <translation>%1 von %2 Codes benutzt, %3 tot, %4 an den Enden</translation>
  </message>
  <message>
   <source>%1 of %2 foldable groups measured</source>
   <translation>%1 von %2 faltbaren Gruppen gemessen</translation>
  </message>
  <message>
   <source>%1 of %2 groups measured</source>
   <translation>%1 von %2 Gruppen gemessen</translation>
  </message>
  <message>
   <source>%1 of %2 layers over the target</source>
   <translation>%1 von %2 Schichten über dem Ziel</translation>
  </message>
  <message>
   <source>%1 of %2 matrices, exact</source>
   <translation>%1 von %2 Matrizen, exakt</translation>
  </message>
  <message>
   <source>%1 of %2 measured · %3</source>
   <translation>%1 von %2 gemessen · %3</translation>
  </message>
  <message>
   <source>%1 of %2 metrics prefer %3; the others disagree: %4.</source>
   <translation>%1 von %2 Maßen ziehen %3 vor; die anderen widersprechen: %4.</translation>
  </message>
  <message>
   <source>%1 of %2 rows</source>
   <translation>%1 von %2 Zeilen</translation>
  </message>
  <message>
   <source>%1 of %2 weights in %3 linears lie beyond 3 standard deviations of their matrix: %4. A Gaussian would have 0.27 %.</source>
   <translation>%1 von %2 Gewichten in %3 Schichten liegen jenseits von 3 Standardabweichungen ihrer Matrix: %4. Eine Normalverteilung hätte 0,27 %.</translation>
  </message>
  <message>
   <source>%1 of %2, %3.</source>
   <translation>%1 von %2, %3.</translation>
  </message>
  <message>
   <source>%1 of %2, Jaccard %3</source>
   <translation>%1 von %2, Jaccard %3</translation>
  </message>
  <message>
   <source>%1 of %2, largest of each cell</source>
   <translation>%1 von %2, größtes jeder Zelle</translation>
  </message>
  <message numerus="yes">
   <source>%1 of %n linear(s).</source>
   <translation>
    <numerusform>%1 von %n Schicht.</numerusform>
    <numerusform>%1 von %n Schichten.</numerusform>
   </translation>
  </message>
  <message>
   <source>%1 of at most %2 tokens, %3 tokens in all</source>
   <translation>%1 von höchstens %2 Tokens, %3 Tokens insgesamt</translation>
  </message>
  <message>
   <source>%1 of channels, %2 of %3 sites</source>
   <translation>%1 der Kanäle, %2 von %3 Stellen</translation>
  </message>
  <message>
   <source>%1 of every element</source>
   <translation>%1 jedes Elements</translation>
  </message>
  <message>
   <source>%1 of every layer under %2</source>
   <translation>%1 jeder Schicht unter %2</translation>
  </message>
  <message>
   <source>%1 of the salience in %2 of %3</source>
   <translation>%1 der Salienz in %2 von %3</translation>
  </message>
  <message>
   <source>%1 of the weights round to zero.</source>
   <translation>%1 der Gewichte werden zu null gerundet.</translation>
  </message>
  <message>
   <source>%1 on %2</source>
   <translation>%1 auf %2</translation>
  </message>
  <message>
   <source>%1 on average; %2 emergent dims</source>
   <translation>%1 im Mittel; %2 emergente Dimensionen</translation>
  </message>
  <message>
   <source>%1 on the ignore list</source>
   <translation>%1 auf der Ausnahmeliste</translation>
  </message>
  <message>
   <source>%1 output channels hold zeros only: the layer may have been pruned.</source>
   <translation>%1 Ausgangskanäle enthalten nur Nullen: die Schicht wurde vielleicht beschnitten.</translation>
  </message>
  <message>
   <source>%1 parameters · %2</source>
   <translation>%1 Parameter · %2</translation>
  </message>
  <message>
   <source>%1 points so far</source>
   <translation>bisher %1 Punkte</translation>
  </message>
  <message>
   <source>%1 predictions in %2%3</source>
   <translation>%1 Vorhersagen in %2%3</translation>
  </message>
  <message>
   <source>%1 ranges: error of X %2; a scale for each token: %3</source>
   <translation>%1 Bereiche: Fehler von X %2; ein Skalenfaktor je Token: %3</translation>
  </message>
  <message>
   <source>%1 ranges; no tokens are sampled, so errors are not known</source>
   <translation>%1 Bereiche; es gibt keine Stichprobe von Tokens, Fehler sind daher nicht bekannt</translation>
  </message>
  <message>
   <source>%1 readers</source>
   <translation>%1 Leser</translation>
  </message>
  <message>
   <source>%1 repairs this group</source>
   <translation>%1 behebt diese Gruppe</translation>
  </message>
  <message>
   <source>%1 rows copied</source>
   <translation>%1 Zeilen kopiert</translation>
  </message>
  <message>
   <source>%1 s</source>
   <translation>%1 s</translation>
  </message>
  <message>
   <source>%1 s left</source>
   <translation>noch %1 s</translation>
  </message>
  <message>
   <source>%1 saw no token (%2): they have no activations, and keep their weight figures. More or more varied text reaches more experts.</source>
   <translation>%1 sahen kein Token (%2): sie haben keine Aktivierungen und behalten ihre Gewichtszahlen. Mehr oder vielfältigerer Text erreicht mehr Experten.</translation>
  </message>
  <message>
   <source>%1 schemes</source>
   <translation>%1 Schemata</translation>
  </message>
  <message>
   <source>%1 selected, size</source>
   <translation>%1 ausgewählt, Größe</translation>
  </message>
  <message>
   <source>%1 smoothed</source>
   <translation>%1 geglättet</translation>
  </message>
  <message>
   <source>%1 stay over the target with every group size; smoothing may help.</source>
   <translation>%1 bleiben mit jeder Gruppengröße über dem Ziel; Glättung kann helfen.</translation>
  </message>
  <message>
   <source>%1 tensors</source>
   <translation>%1 Tensoren</translation>
  </message>
  <message>
   <source>%1 tensors checked: %2 values are NaN or Inf; the Log names the tensors.</source>
   <translation>%1 Tensoren geprüft: %2 Werte sind NaN oder Inf; das Protokoll nennt die Tensoren.</translation>
  </message>
  <message>
   <source>%1 tensors checked: no NaN and no Inf.</source>
   <translation>%1 Tensoren geprüft: kein NaN und kein Inf.</translation>
  </message>
  <message>
   <source>%1 things this target cannot express</source>
   <translation>%1 Dinge, die dieses Ziel nicht ausdrücken kann</translation>
  </message>
  <message>
   <source>%1 times</source>
   <translation>%1-mal</translation>
  </message>
  <message>
   <source>%1 to %2</source>
   <translation>%1 bis %2</translation>
  </message>
  <message>
   <source>%1 tok.</source>
   <translation>%1 Tok.</translation>
  </message>
  <message>
   <source>%1 tokens</source>
   <translation>%1 Tokens</translation>
  </message>
  <message>
   <source>%1 unchanged</source>
   <translation>%1 unverändert</translation>
  </message>
  <message>
   <source>%1 warnings about the activations; the Log has them all. First: %2</source>
   <translation>%1 Warnungen zu den Aktivierungen; alle stehen im Protokoll. Die erste: %2</translation>
  </message>
  <message>
   <source>%1 weights are NaN or infinite: the file is damaged or the training diverged.</source>
   <translation>%1 Gewichte sind NaN oder unendlich: die Datei ist beschädigt, oder das Training ist divergiert.</translation>
  </message>
  <message>
   <source>%1 weights, %2</source>
   <translation>%1 Gewichte, %2</translation>
  </message>
  <message>
   <source>%1 written into the plan for %2.</source>
   <translation>%1 in den Plan geschrieben für %2.</translation>
  </message>
  <message>
   <source>%1 · %2</source>
   <translation>%1 · %2</translation>
  </message>
  <message>
   <source>%1 × %2 mm</source>
   <translation>%1 × %2 mm</translation>
  </message>
  <message>
   <source>%1 × %2 pixels</source>
   <translation>%1 × %2 Bildpunkte</translation>
  </message>
  <message>
   <source>%1 α %2</source>
   <translation>%1 α %2</translation>
  </message>
  <message>
   <source>%1 α %2, powers of two</source>
   <translation>%1 α %2, Zweierpotenzen</translation>
  </message>
  <message>
   <source>%1 α %2: %3</source>
   <translation>%1 α %2: %3</translation>
  </message>
  <message>
   <source>%1 → %2</source>
   <translation>%1 → %2</translation>
  </message>
  <message>
   <source>%1, %2</source>
   <translation>%1, %2</translation>
  </message>
  <message>
   <source>%1, %2 input channels</source>
   <translation>%1, %2 Eingangskanäle</translation>
  </message>
  <message>
   <source>%1, %2 measured</source>
   <translation>%1, %2 gemessen</translation>
  </message>
  <message>
   <source>%1, %2 of tokens</source>
   <translation>%1, %2 der Tokens</translation>
  </message>
  <message>
   <source>%1, %2 output channels</source>
   <translation>%1, %2 Ausgangskanäle</translation>
  </message>
  <message>
   <source>%1, %2 tokens</source>
   <translation>%1, %2 Tokens</translation>
  </message>
  <message>
   <source>%1, %2, %3</source>
   <translation>%1, %2, %3</translation>
  </message>
  <message>
   <source>%1, %2: %3</source>
   <translation>%1, %2: %3</translation>
  </message>
  <message>
   <source>%1, %2: %3 as it is, %4 rotated</source>
   <translation>%1, %2: %3 wie es ist, %4 rotiert</translation>
  </message>
  <message>
   <source>%1, S as powers of two</source>
   <translation>%1, S als Zweierpotenzen</translation>
  </message>
  <message>
   <source>%1, X too</source>
   <translation>%1, auch X</translation>
  </message>
  <message>
   <source>%1, activations %2</source>
   <translation>%1, Aktivierungen %2</translation>
  </message>
  <message>
   <source>%1, as BiLLM would do it</source>
   <translation>%1, wie BiLLM es machen würde</translation>
  </message>
  <message>
   <source>%1, as GPTQ would round it</source>
   <translation>%1, wie GPTQ es runden würde</translation>
  </message>
  <message>
   <source>%1, as it is</source>
   <translation>%1, wie es ist</translation>
  </message>
  <message>
   <source>%1, channel %2: x = %3.</source>
   <translation>%1, Kanal %2: x = %3.</translation>
  </message>
  <message>
   <source>%1, each at its optimum,</source>
   <translation>%1, jede bei ihrem Optimum,</translation>
  </message>
  <message>
   <source>%1, input channel %2: %3 %4</source>
   <translation>%1, Eingangskanal %2: %3 %4</translation>
  </message>
  <message>
   <source>%1, pinned: %2</source>
   <translation>%1, angeheftet: %2</translation>
  </message>
  <message>
   <source>%1, rotated</source>
   <translation>%1, rotiert</translation>
  </message>
  <message>
   <source>%1, unsaved</source>
   <translation>%1, ungespeichert</translation>
  </message>
  <message>
   <source>%1, × an even share</source>
   <translation>%1, × gleicher Anteil</translation>
  </message>
  <message>
   <source>%1, × the median</source>
   <translation>%1, × Median</translation>
  </message>
  <message>
   <source>%1. %2: %3.</source>
   <translation>%1. %2: %3.</translation>
  </message>
  <message>
   <source>%1. Channel %2: largest |w| %3, %4 times the median.</source>
   <translation>%1. Kanal %2: größtes |w| %3, das %4-Fache des Medians.</translation>
  </message>
  <message>
   <source>%1: %2</source>
   <translation>%1: %2</translation>
  </message>
  <message>
   <source>%1: %2 %3 %5 %4, stays %6.</source>
   <translation>%1: %2 %3 %5 %4, bleibt %6.</translation>
  </message>
  <message>
   <source>%1: %2 %3 %5 %4.</source>
   <translation>%1: %2 %3 %5 %4.</translation>
  </message>
  <message>
   <source>%1: %2 NaN, %3 +Inf, %4 -Inf of %5</source>
   <translation>%1: %2 NaN, %3 +Inf, %4 -Inf von %5</translation>
  </message>
  <message>
   <source>%1: %2 after %3 s</source>
   <translation>%1: %2 nach %3 s</translation>
  </message>
  <message>
   <source>%1: %2 cannot be expressed; left out, %3.</source>
   <translation>%1: %2 lässt sich nicht ausdrücken; weggelassen, %3.</translation>
  </message>
  <message>
   <source>%1: %2 sites</source>
   <translation>%1: %2 Stellen</translation>
  </message>
  <message>
   <source>%1: %2 → %3</source>
   <translation>%1: %2 → %3</translation>
  </message>
  <message>
   <source>%1: %2, %3 × the median; %4 or more times the median in %5 places</source>
   <translation>%1: %2, %3 × Median; an %5 Stellen das %4-Fache des Medians oder mehr</translation>
  </message>
  <message>
   <source>%1: %2.</source>
   <translation>%1: %2.</translation>
  </message>
  <message>
   <source>%1: %4 %2, %3 bits per weight.
Click to try it; Apply writes it into the plan.</source>
   <translation>%1: %4 %2, %3 Bits pro Gewicht.
Klicken, um es auszuprobieren; Anwenden schreibt es in den Plan.</translation>
  </message>
  <message>
   <source>%1: W only, A only</source>
   <translation>%1: nur W, nur A</translation>
  </message>
  <message>
   <source>%1: at most %2, in %3.</source>
   <translation>%1: höchstens %2, in %3.</translation>
  </message>
  <message>
   <source>%1: channels clamped</source>
   <translation>%1: Kanäle begrenzt</translation>
  </message>
  <message>
   <source>%1: error %2, %3 bits per weight</source>
   <translation>%1: Fehler %2, %3 Bits pro Gewicht</translation>
  </message>
  <message>
   <source>%1: from the next start on.</source>
   <translation>%1: ab dem nächsten Start.</translation>
  </message>
  <message>
   <source>%1: largest %2, %3, %4.</source>
   <translation>%1: am größten %2, %3, %4.</translation>
  </message>
  <message>
   <source>%1: not measured yet.</source>
   <translation>%1: noch nicht gemessen.</translation>
  </message>
  <message>
   <source>%1: nothing is measured yet.</source>
   <translation>%1: noch ist nichts gemessen.</translation>
  </message>
  <message>
   <source>%1: the name of a figure ends in .png, .svg or .pdf.</source>
   <translation>%1: der Name einer Abbildung endet auf .png, .svg oder .pdf.</translation>
  </message>
  <message>
   <source>%1: zeroing the largest 1 % of the weights (from %2) changes W by %3, zeroing the smallest 1 % (up to %4) by %5.</source>
   <translation>%1: die größten 1 % der Gewichte (ab %2) auf null zu setzen ändert W um %3, die kleinsten 1 % (bis %4) um %5.</translation>
  </message>
  <message>
   <source>%1; arrow keys walk through the channels</source>
   <translation>%1; Pfeiltasten gehen durch die Kanäle</translation>
  </message>
  <message>
   <source>%1; arrow keys walk through the columns</source>
   <translation>%1; Pfeiltasten gehen durch die Spalten</translation>
  </message>
  <message>
   <source>%1; figures of weights alone without S</source>
   <translation>%1; Zahlen der Gewichte allein ohne S</translation>
  </message>
  <message>
   <source>%1; target %2</source>
   <translation>%1; Ziel %2</translation>
  </message>
  <message>
   <source>%1[*] – %2 – QuantLoupe</source>
   <translation>%1[*] – %2 – QuantLoupe</translation>
  </message>
  <message>
   <source>%1·S</source>
   <translation>%1·S</translation>
  </message>
  <message>
   <source>%4 of %1 input channels (%2) set the scale of %3</source>
   <translation>%4 von %1 Eingangskanälen (%2) bestimmen die Skala von %3</translation>
  </message>
  <message>
   <source>&amp;About QuantLoupe</source>
   <translation>Ü&amp;ber QuantLoupe</translation>
  </message>
  <message>
   <source>&amp;Analyze</source>
   <translation>A&amp;nalyse</translation>
  </message>
  <message>
   <source>&amp;Apply the choice</source>
   <translation>Wahl &amp;anwenden</translation>
  </message>
  <message>
   <source>&amp;Blocks</source>
   <translation>&amp;Blöcke</translation>
  </message>
  <message>
   <source>&amp;Browse…</source>
   <translation>&amp;Durchsuchen…</translation>
  </message>
  <message>
   <source>&amp;Cancel all jobs</source>
   <translation>Alle Aufträge ab&amp;brechen</translation>
  </message>
  <message>
   <source>&amp;Close</source>
   <translation>&amp;Schließen</translation>
  </message>
  <message>
   <source>&amp;Compare</source>
   <translation>&amp;Vergleichen</translation>
  </message>
  <message>
   <source>&amp;Context</source>
   <translation>&amp;Kontext</translation>
  </message>
  <message>
   <source>&amp;Copy as command</source>
   <translation>Als Befehl &amp;kopieren</translation>
  </message>
  <message>
   <source>&amp;Dark</source>
   <translation>&amp;Dunkel</translation>
  </message>
  <message>
   <source>&amp;Decide</source>
   <translation>&amp;Entscheiden</translation>
  </message>
  <message>
   <source>&amp;Decide by</source>
   <translation>Entscheiden &amp;nach</translation>
  </message>
  <message>
   <source>&amp;Delete</source>
   <translation>&amp;Löschen</translation>
  </message>
  <message>
   <source>&amp;Demo models</source>
   <translation>&amp;Demo-Modelle</translation>
  </message>
  <message>
   <source>&amp;Edit</source>
   <translation>&amp;Bearbeiten</translation>
  </message>
  <message>
   <source>&amp;Edit in the table</source>
   <translation>In der Tabelle b&amp;earbeiten</translation>
  </message>
  <message>
   <source>&amp;Export</source>
   <translation>&amp;Exportieren</translation>
  </message>
  <message>
   <source>&amp;Export plan…</source>
   <translation>Plan &amp;exportieren…</translation>
  </message>
  <message>
   <source>&amp;Fewest layers…</source>
   <translation>&amp;Wenigste Schichten…</translation>
  </message>
  <message>
   <source>&amp;File</source>
   <translation>&amp;Datei</translation>
  </message>
  <message>
   <source>&amp;Finding</source>
   <translation>&amp;Befund</translation>
  </message>
  <message>
   <source>&amp;First block</source>
   <translation>&amp;Erster Block</translation>
  </message>
  <message>
   <source>&amp;Float format</source>
   <translation>&amp;Gleitkommaformat</translation>
  </message>
  <message>
   <source>&amp;Fold all blocks</source>
   <translation>Alle Blöcke &amp;einklappen</translation>
  </message>
  <message>
   <source>&amp;Full screen</source>
   <translation>&amp;Vollbild</translation>
  </message>
  <message>
   <source>&amp;Group 16</source>
   <translation>&amp;Gruppe 16</translation>
  </message>
  <message>
   <source>&amp;Group sizes</source>
   <translation>&amp;Gruppengrößen</translation>
  </message>
  <message>
   <source>&amp;Guides</source>
   <translation>&amp;Anleitungen</translation>
  </message>
  <message>
   <source>&amp;Help</source>
   <translation>&amp;Hilfe</translation>
  </message>
  <message>
   <source>&amp;INT or FP per layer (MoFQ)…</source>
   <translation>&amp;INT oder FP pro Schicht (MoFQ)…</translation>
  </message>
  <message>
   <source>&amp;Import activations…</source>
   <translation>Aktivierungen &amp;importieren…</translation>
  </message>
  <message>
   <source>&amp;Keep 16 bit</source>
   <translation>16 Bit be&amp;halten</translation>
  </message>
  <message>
   <source>&amp;Keyboard shortcuts</source>
   <translation>&amp;Tastenkürzel</translation>
  </message>
  <message>
   <source>&amp;Language</source>
   <translation>S&amp;prache</translation>
  </message>
  <message>
   <source>&amp;Last block</source>
   <translation>&amp;Letzter Block</translation>
  </message>
  <message>
   <source>&amp;Leave these out</source>
   <translation>Diese &amp;weglassen</translation>
  </message>
  <message>
   <source>&amp;Light</source>
   <translation>&amp;Hell</translation>
  </message>
  <message>
   <source>&amp;Lock or unlock</source>
   <translation>&amp;Sperren oder entsperren</translation>
  </message>
  <message>
   <source>&amp;Manage saved selections…</source>
   <translation>Gespeicherte Auswahlen &amp;verwalten…</translation>
  </message>
  <message>
   <source>&amp;Measure the weights</source>
   <translation>Gewichte &amp;messen</translation>
  </message>
  <message>
   <source>&amp;Memory</source>
   <translation>&amp;Speicher</translation>
  </message>
  <message>
   <source>&amp;Methods</source>
   <translation>&amp;Methoden</translation>
  </message>
  <message>
   <source>&amp;Metric</source>
   <translation>&amp;Maß</translation>
  </message>
  <message>
   <source>&amp;Model</source>
   <translation>&amp;Modell</translation>
  </message>
  <message>
   <source>&amp;Name</source>
   <translation>&amp;Name</translation>
  </message>
  <message>
   <source>&amp;Name of the selection of %1 linears</source>
   <translation>&amp;Name der Auswahl von %1 Schichten</translation>
  </message>
  <message>
   <source>&amp;Next finding</source>
   <translation>&amp;Nächster Befund</translation>
  </message>
  <message>
   <source>&amp;Numbers as CSV beside it</source>
   <translation>&amp;Zahlen als CSV daneben</translation>
  </message>
  <message>
   <source>&amp;Open in browser</source>
   <translation>Im &amp;Browser öffnen</translation>
  </message>
  <message>
   <source>&amp;Open model folder…</source>
   <translation>Modellordner ö&amp;ffnen…</translation>
  </message>
  <message>
   <source>&amp;Output or input channel (AdaDim)…</source>
   <translation>&amp;Ausgangs- oder Eingangskanal (AdaDim)…</translation>
  </message>
  <message>
   <source>&amp;Overview</source>
   <translation>&amp;Übersicht</translation>
  </message>
  <message>
   <source>&amp;Plan</source>
   <translation>&amp;Plan</translation>
  </message>
  <message>
   <source>&amp;Previous finding</source>
   <translation>&amp;Voriger Befund</translation>
  </message>
  <message>
   <source>&amp;Protocol</source>
   <translation>&amp;Protokoll</translation>
  </message>
  <message>
   <source>&amp;Quit</source>
   <translation>&amp;Beenden</translation>
  </message>
  <message>
   <source>&amp;Recent</source>
   <translation>&amp;Zuletzt benutzt</translation>
  </message>
  <message>
   <source>&amp;Redo</source>
   <translation>&amp;Wiederholen</translation>
  </message>
  <message>
   <source>&amp;Redo %1</source>
   <translation>&amp;Wiederholen: %1</translation>
  </message>
  <message>
   <source>&amp;Remove smoothing</source>
   <translation>Glättung &amp;entfernen</translation>
  </message>
  <message>
   <source>&amp;Rename</source>
   <translation>&amp;Umbenennen</translation>
  </message>
  <message>
   <source>&amp;Report…</source>
   <translation>&amp;Bericht…</translation>
  </message>
  <message>
   <source>&amp;Reset layout</source>
   <translation>Anordnung &amp;zurücksetzen</translation>
  </message>
  <message>
   <source>&amp;Resolution</source>
   <translation>&amp;Auflösung</translation>
  </message>
  <message>
   <source>&amp;Revert the what-if</source>
   <translation>Probe &amp;verwerfen</translation>
  </message>
  <message>
   <source>&amp;Sample</source>
   <translation>&amp;Stichprobe</translation>
  </message>
  <message>
   <source>&amp;Save plan</source>
   <translation>Plan &amp;speichern</translation>
  </message>
  <message>
   <source>&amp;Save selection…</source>
   <translation>Auswahl &amp;speichern…</translation>
  </message>
  <message>
   <source>&amp;Save…</source>
   <translation>&amp;Speichern…</translation>
  </message>
  <message>
   <source>&amp;Scheme</source>
   <translation>S&amp;chema</translation>
  </message>
  <message>
   <source>&amp;Search actions</source>
   <translation>Aktionen &amp;suchen</translation>
  </message>
  <message>
   <source>&amp;Select</source>
   <translation>&amp;Auswählen</translation>
  </message>
  <message>
   <source>&amp;Size</source>
   <translation>&amp;Größe</translation>
  </message>
  <message>
   <source>&amp;Smoothing</source>
   <translation>&amp;Glättung</translation>
  </message>
  <message>
   <source>&amp;Stop</source>
   <translation>An&amp;halten</translation>
  </message>
  <message>
   <source>&amp;System</source>
   <translation>&amp;System</translation>
  </message>
  <message>
   <source>&amp;Target</source>
   <translation>&amp;Ziel</translation>
  </message>
  <message>
   <source>&amp;Text</source>
   <translation>&amp;Text</translation>
  </message>
  <message>
   <source>&amp;Theme</source>
   <translation>&amp;Farbschema</translation>
  </message>
  <message>
   <source>&amp;Title</source>
   <translation>&amp;Titel</translation>
  </message>
  <message>
   <source>&amp;Undo</source>
   <translation>&amp;Rückgängig</translation>
  </message>
  <message>
   <source>&amp;Undo %1</source>
   <translation>&amp;Rückgängig: %1</translation>
  </message>
  <message>
   <source>&amp;Unfold all blocks</source>
   <translation>Alle Blöcke &amp;ausklappen</translation>
  </message>
  <message>
   <source>&amp;Value</source>
   <translation>&amp;Wert</translation>
  </message>
  <message>
   <source>&amp;Verify</source>
   <translation>&amp;Prüfen</translation>
  </message>
  <message>
   <source>&amp;Verify plan…</source>
   <translation>Plan &amp;prüfen…</translation>
  </message>
  <message>
   <source>&amp;View</source>
   <translation>&amp;Ansicht</translation>
  </message>
  <message>
   <source>&amp;Worst layers</source>
   <translation>&amp;Schlechteste Schichten</translation>
  </message>
  <message>
   <source>'%1' is no finding; write one of %2.</source>
   <translation>„%1“ ist kein Befund; einen von %2 schreiben.</translation>
  </message>
  <message>
   <source>'%1' is no metric; the metrics are %2.</source>
   <translation>„%1“ ist kein Maß; die Maße sind %2.</translation>
  </message>
  <message>
   <source>'%1' is no number; write for example 0.02 or 2%.</source>
   <translation>„%1“ ist keine Zahl; zum Beispiel 0.02 oder 2% schreiben.</translation>
  </message>
  <message>
   <source>'%1' is no threshold; write for example output_rel_wa&gt;=2%.</source>
   <translation>„%1“ ist keine Schwelle; zum Beispiel output_rel_wa&gt;=2% schreiben.</translation>
  </message>
  <message>
   <source>'%1' is unknown; there are --blocks, --roles, --layers, --finding, --where and --scheme.</source>
   <translation>„%1“ ist unbekannt; es gibt --blocks, --roles, --layers, --finding, --where und --scheme.</translation>
  </message>
  <message>
   <source>(%1 + weight) × 1/S</source>
   <translation>(%1 + Gewicht) × 1/S</translation>
  </message>
  <message>
   <source>(window %1, position %2)</source>
   <translation>(Fenster %1, Stelle %2)</translation>
  </message>
  <message>
   <source>+%1 more</source>
   <translation>+%1 weitere</translation>
  </message>
  <message>
   <source>, Q(w) %1</source>
   <translation>, Q(w) %1</translation>
  </message>
  <message>
   <source>, between %1 and %2</source>
   <translation>, zwischen %1 und %2</translation>
  </message>
  <message>
   <source>, so far</source>
   <translation>, bisher</translation>
  </message>
  <message>
   <source>-1, 0 and 1 with a scale (BitNet b1.58).</source>
   <translation>-1, 0 und 1 mit einer Skala (BitNet b1.58).</translation>
  </message>
  <message>
   <source>-report.html</source>
   <translation>-bericht.html</translation>
  </message>
  <message>
   <source>.npy, .safetensors or .txt with token ids</source>
   <translation>.npy, .safetensors oder .txt mit Token-Nummern</translation>
  </message>
  <message>
   <source>1 = the same order of layers, 0 = unrelated, −1 = the opposite order</source>
   <translation>1 = dieselbe Reihenfolge der Schichten, 0 = kein Zusammenhang, −1 = die umgekehrte</translation>
  </message>
  <message>
   <source>1 group that cannot be folded</source>
   <translation>1 Gruppe, die sich nicht falten lässt</translation>
  </message>
  <message>
   <source>1 group with locked linears</source>
   <translation>1 Gruppe mit gesperrten Schichten</translation>
  </message>
  <message>
   <source>1 group without a measured optimum</source>
   <translation>1 Gruppe ohne gemessenes Optimum</translation>
  </message>
  <message>
   <source>1 linear</source>
   <translation>1 Schicht</translation>
  </message>
  <message>
   <source>1 of %1 input channels (%2) sets the scale of %3</source>
   <translation>1 von %1 Eingangskanälen (%2) bestimmt die Skala von %3</translation>
  </message>
  <message>
   <source>16 bit</source>
   <translation>16 Bit</translation>
  </message>
  <message>
   <source>16 quantiles of a normal distribution in groups of 64 (bitsandbytes).</source>
   <translation>16 Quantile einer Normalverteilung in Gruppen von 64 (bitsandbytes).</translation>
  </message>
  <message>
   <source>16 quantiles of a normal distribution, scaled by the largest magnitude of a block; needs no data.</source>
   <translation>16 Quantile einer Normalverteilung, skaliert mit dem größten Betrag eines Blocks; braucht keine Daten.</translation>
  </message>
  <message>
   <source>2 bits for a salient weight and 1 for every other: the paper's 1.08 for LLaMA2</source>
   <translation>2 Bit für ein salientes Gewicht und 1 für jedes andere: die 1,08 des Artikels für LLaMA2</translation>
  </message>
  <message>
   <source>2D</source>
   <translation>2D</translation>
  </message>
  <message>
   <source>3D</source>
   <translation>3D</translation>
  </message>
  <message>
   <source>4 bits</source>
   <translation>4 Bit</translation>
  </message>
  <message>
   <source>4-bit floats with the top exponent spent on infinity and NaN, largest value 3 (MoFQ's comparison).</source>
   <translation>4-Bit-Gleitkommazahlen, deren größter Exponent für Unendlich und NaN verbraucht ist, größter Wert 3 (Vergleich in MoFQ).</translation>
  </message>
  <message>
   <source>4-bit floats, 2 exponent bits and 1 mantissa bit, largest value 6.</source>
   <translation>4-Bit-Gleitkommazahlen, 2 Bits Exponent und 1 Mantisse, größter Wert 6.</translation>
  </message>
  <message>
   <source>6-bit floats, 2 exponent and 3 mantissa bits, largest value 7.5.</source>
   <translation>6-Bit-Gleitkommazahlen, 2 Bits Exponent und 3 Mantisse, größter Wert 7,5.</translation>
  </message>
  <message>
   <source>6-bit floats, 3 exponent and 2 mantissa bits, largest value 28.</source>
   <translation>6-Bit-Gleitkommazahlen, 3 Bits Exponent und 2 Mantisse, größter Wert 28.</translation>
  </message>
  <message>
   <source>60 % of what is free</source>
   <translation>60 % des freien Speichers</translation>
  </message>
  <message>
   <source>8 bits</source>
   <translation>8 Bit</translation>
  </message>
  <message>
   <source>8-bit floats of AMD's MI300, 4 exponent and 3 mantissa bits, no negative zero, largest value 240.</source>
   <translation>8-Bit-Gleitkommazahlen von AMDs MI300, 4 Bits Exponent und 3 Mantisse, keine negative Null, größter Wert 240.</translation>
  </message>
  <message>
   <source>8-bit floats of AMD's MI300, 5 exponent and 2 mantissa bits, no negative zero, largest value 57344.</source>
   <translation>8-Bit-Gleitkommazahlen von AMDs MI300, 5 Bits Exponent und 2 Mantisse, keine negative Null, größter Wert 57344.</translation>
  </message>
  <message>
   <source>8-bit floats, 4 exponent and 3 mantissa bits, largest value 448.</source>
   <translation>8-Bit-Gleitkommazahlen, 4 Bits Exponent und 3 Mantisse, größter Wert 448.</translation>
  </message>
  <message>
   <source>8-bit floats, 4 exponent and 3 mantissa bits, with infinities, largest value 240.</source>
   <translation>8-Bit-Gleitkommazahlen, 4 Bits Exponent und 3 Mantisse, mit Unendlich, größter Wert 240.</translation>
  </message>
  <message>
   <source>8-bit floats, 5 exponent and 2 mantissa bits, largest value 57344.</source>
   <translation>8-Bit-Gleitkommazahlen, 5 Bits Exponent und 2 Mantisse, größter Wert 57344.</translation>
  </message>
  <message>
   <source>95 %</source>
   <translation>95 %</translation>
  </message>
  <message>
   <source>95 %, other tokens</source>
   <translation>95 %, andere Tokens</translation>
  </message>
  <message>
   <source>: w %1</source>
   <translation>: w %1</translation>
  </message>
  <message>
   <source>&lt;b&gt;%1 linears&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;%2 selected&amp;nbsp;&amp;nbsp;&amp;nbsp;%3 changed</source>
   <translation>&lt;b&gt;%1 Schichten&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;%2 ausgewählt&amp;nbsp;&amp;nbsp;&amp;nbsp;%3 geändert</translation>
  </message>
  <message>
   <source>&lt;b&gt;%1 norm groups&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;%2 above the target of %3</source>
   <translation>&lt;b&gt;%1 Normgruppen&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;%2 über dem Ziel von %3</translation>
  </message>
  <message>
   <source>&lt;b&gt;1 norm group&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;%1 above the target of %2</source>
   <translation>&lt;b&gt;1 Normgruppe&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;%1 über dem Ziel von %2</translation>
  </message>
  <message>
   <source>&lt;h3&gt;QuantLoupe %1&lt;/h3&gt;&lt;p&gt;Find out what quantization does to each layer.&lt;/p&gt;&lt;p&gt;Canvases: %2&lt;br&gt;Qt %3&lt;/p&gt;&lt;p&gt;Apache License 2.0. No network is used.&lt;/p&gt;</source>
   <translation>&lt;h3&gt;QuantLoupe %1&lt;/h3&gt;&lt;p&gt;Zeigt, was Quantisierung mit jeder Schicht macht.&lt;/p&gt;&lt;p&gt;Zeichenflächen: %2&lt;br&gt;Qt %3&lt;/p&gt;&lt;p&gt;Apache-Lizenz 2.0. Es wird kein Netz benutzt.&lt;/p&gt;</translation>
  </message>
  <message>
   <source>&lt;ol&gt;&lt;li&gt;Open the model folder. The overview fills with the error of every matrix under int8 per channel while the weights are measured; nothing is changed on disk.&lt;/li&gt;&lt;li&gt;Bright cells with a red corner have a finding. Press &lt;b&gt;D&lt;/b&gt; to go from one to the next.&lt;/li&gt;&lt;li&gt;The inspector says in a sentence what is wrong. The matrix view shows the input channels that do it; the channel view ranks them and follows one through all blocks.&lt;/li&gt;&lt;li&gt;Select the bad linears: drag a rectangle in the overview, Ctrl+click in the tree, or &lt;b&gt;Ctrl+D&lt;/b&gt; for all with findings.&lt;/li&gt;&lt;li&gt;Try a remedy: its button, a bar under Compare, or the form. That is a what-if; errors and cost follow at once. &lt;b&gt;Apply&lt;/b&gt; (Ctrl+Enter) writes it into the plan as one undo step.&lt;/li&gt;&lt;li&gt;Save the plan (Ctrl+S) and export it (Ctrl+E).&lt;/li&gt;&lt;/ol&gt;</source>
   <translation>&lt;ol&gt;&lt;li&gt;Modellordner öffnen. Die Übersicht füllt sich mit dem Fehler jeder Matrix unter int8 pro Kanal, während die Gewichte gemessen werden; auf der Platte ändert sich nichts.&lt;/li&gt;&lt;li&gt;Helle Felder mit roter Ecke haben einen Befund. Mit &lt;b&gt;D&lt;/b&gt; geht es von einem zum nächsten.&lt;/li&gt;&lt;li&gt;Der Inspektor sagt in einem Satz, was nicht stimmt. Die Matrixansicht zeigt die Eingangskanäle, die schuld sind; die Kanalansicht ordnet sie und folgt einem durch alle Blöcke.&lt;/li&gt;&lt;li&gt;Die schlechten Schichten auswählen: in der Übersicht ein Rechteck ziehen, im Baum Strg+Klick, oder &lt;b&gt;Strg+D&lt;/b&gt; für alle mit Befund.&lt;/li&gt;&lt;li&gt;Eine Abhilfe ausprobieren: ihre Schaltfläche, ein Balken unter Vergleich oder das Formular. Das ist eine Probe; Fehler und Kosten folgen sofort. &lt;b&gt;Anwenden&lt;/b&gt; (Strg+Eingabe) schreibt sie als einen Schritt in den Plan.&lt;/li&gt;&lt;li&gt;Den Plan speichern (Strg+S) und exportieren (Strg+E).&lt;/li&gt;&lt;/ol&gt;</translation>
  </message>
  <message>
   <source>&lt;p&gt;&lt;b&gt;Norm-weighted error&lt;/b&gt;: the output error if the normalised activations had unit variance; input channels weigh g² of the norm before the linear. Where no norm feeds it every column weighs the same.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Relative Frobenius&lt;/b&gt; hides outlier columns, because they dominate the norm of the matrix.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Dead codes&lt;/b&gt;: non-zero weights that round to zero. The inspector says how many a Gaussian matrix would have.&lt;/p&gt;&lt;p&gt;A filled dot beside a figure: exact, every weight was read. A half dot: from a sample of rows, with its interval; the exact value follows.&lt;/p&gt;</source>
   <translation>&lt;p&gt;&lt;b&gt;Normgewichteter Fehler&lt;/b&gt;: der Ausgangsfehler, wenn die normierten Aktivierungen Varianz eins hätten; Eingangskanäle wiegen g² der Norm vor der Schicht. Wo keine Norm davor steht, wiegt jede Spalte gleich.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Relative Frobeniusnorm&lt;/b&gt; verbirgt Ausreißerspalten, weil sie die Norm der Matrix beherrschen.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Tote Codes&lt;/b&gt;: Gewichte ungleich null, die zu null gerundet werden. Der Inspektor sagt, wie viele eine gaußsche Matrix hätte.&lt;/p&gt;&lt;p&gt;Ein voller Punkt neben einer Zahl: exakt, jedes Gewicht wurde gelesen. Ein halber Punkt: aus einer Stichprobe von Zeilen, mit ihrem Intervall; der exakte Wert folgt.&lt;/p&gt;</translation>
  </message>
  <message>
   <source>&lt;p&gt;Ctrl+E opens the export. Choose a target and read two lists before writing: what the target cannot express, linear by linear, and what the loaders of the runtimes will object to. Nothing is left out unless you say so. Files are written whole or not at all.&lt;/p&gt;&lt;p&gt;Fused siblings (q, k, v; gate, up; the experts of a block) must share one scheme; the inspector says when they do not and offers to repair it.&lt;/p&gt;</source>
   <translation>&lt;p&gt;Strg+E öffnet den Export. Ein Ziel wählen und vor dem Schreiben zwei Listen lesen: was das Ziel nicht ausdrücken kann, Schicht für Schicht, und was die Lader der Laufzeiten beanstanden werden. Nichts wird weggelassen, wenn man es nicht sagt. Dateien werden ganz oder gar nicht geschrieben.&lt;/p&gt;&lt;p&gt;Verschmolzene Geschwister (q, k, v; gate, up; die Experten eines Blocks) müssen ein Schema teilen; der Inspektor sagt, wenn sie es nicht tun, und bietet an, es zu beheben.&lt;/p&gt;</translation>
  </message>
  <message>
   <source>&lt;p&gt;Measure where the model is:&lt;/p&gt;&lt;pre&gt;qloupe analyze MODEL -o stats.h5&lt;/pre&gt;&lt;p&gt;Copy the one file and open it here (Ctrl+Shift+O). Statistics, errors of the schemes measured there, findings and plans work without the weights; new schemes and the deepest zoom of the matrix view need them.&lt;/p&gt;</source>
   <translation>&lt;p&gt;Messen, wo das Modell liegt:&lt;/p&gt;&lt;pre&gt;qloupe analyze MODEL -o stats.h5&lt;/pre&gt;&lt;p&gt;Die eine Datei kopieren und hier öffnen (Strg+Umschalt+O). Statistik, Fehler der dort gemessenen Schemata, Befunde und Pläne gehen ohne die Gewichte; neue Schemata und die tiefste Vergrößerung der Matrix brauchen sie.&lt;/p&gt;</translation>
  </message>
  <message>
   <source>A</source>
   <translation>A</translation>
  </message>
  <message>
   <source>A calibration has not ended (%1). The same text and settings continue behind the last finished block.</source>
   <translation>Eine Kalibrierung ist nicht zu Ende (%1). Derselbe Text mit denselben Einstellungen setzt hinter dem letzten fertigen Block fort.</translation>
  </message>
  <message>
   <source>A calibration is running; starting another one ends it.</source>
   <translation>Es läuft eine Kalibrierung; eine neue beendet sie.</translation>
  </message>
  <message>
   <source>A drawing for browsers and editors; text stays text</source>
   <translation>Eine Zeichnung für Browser und Zeichenprogramme; Text bleibt Text</translation>
  </message>
  <message>
   <source>A drawing for papers; text stays text</source>
   <translation>Eine Zeichnung für Veröffentlichungen; Text bleibt Text</translation>
  </message>
  <message>
   <source>A file of the same name with the numbers that the view shows</source>
   <translation>Eine Datei desselben Namens mit den Zahlen, die die Ansicht zeigt</translation>
  </message>
  <message>
   <source>A quote is not closed: %1.</source>
   <translation>Ein Anführungszeichen ist nicht geschlossen: %1.</translation>
  </message>
  <message>
   <source>A random orthogonal matrix</source>
   <translation>Eine zufällige orthogonale Matrix</translation>
  </message>
  <message>
   <source>A recipe that llm-compressor runs to make a checkpoint for vLLM.</source>
   <translation>Ein Rezept, mit dem llm-compressor einen Checkpoint für vLLM macht.</translation>
  </message>
  <message>
   <source>A small Llama whose first blocks carry outlier input channels, like LLaMA3-70B: per-channel int8 destroys them.</source>
   <translation>Ein kleines Llama, dessen erste Blöcke Ausreißer-Eingangskanäle tragen, wie LLaMA3-70B: int8 pro Kanal zerstört sie.</translation>
  </message>
  <message>
   <source>A surface needs at least two rows and two columns.</source>
   <translation>Eine Fläche braucht mindestens zwei Zeilen und zwei Spalten.</translation>
  </message>
  <message>
   <source>A table with one line a matrix: choice, bits a weight, bytes.</source>
   <translation>Eine Tabelle mit einer Zeile pro Matrix: Wahl, Bits pro Gewicht, Bytes.</translation>
  </message>
  <message>
   <source>A&amp;pply</source>
   <translation>A&amp;nwenden</translation>
  </message>
  <message>
   <source>A&amp;pply to %1</source>
   <translation>Auf %1 an&amp;wenden</translation>
  </message>
  <message>
   <source>About &amp;Qt</source>
   <translation>Über &amp;Qt</translation>
  </message>
  <message>
   <source>About QuantLoupe</source>
   <translation>Über QuantLoupe</translation>
  </message>
  <message>
   <source>Above 2 %</source>
   <translation>Über 2 %</translation>
  </message>
  <message>
   <source>Accumulated</source>
   <translation>Aufgelaufen</translation>
  </message>
  <message>
   <source>Act. kurtosis</source>
   <translation>Akt.-Kurtosis</translation>
  </message>
  <message>
   <source>Act. outliers</source>
   <translation>Akt.-Ausreißer</translation>
  </message>
  <message>
   <source>Act. peak</source>
   <translation>Akt.-Spitze</translation>
  </message>
  <message>
   <source>Actions found</source>
   <translation>Gefundene Aktionen</translation>
  </message>
  <message>
   <source>Activation</source>
   <translation>Aktivierung</translation>
  </message>
  <message>
   <source>Activation channels that share a range: RPTQ's clusters and PEG's sorted groups</source>
   <translation>Aktivierungskanäle, die einen Bereich teilen: Cluster von RPTQ und sortierte Gruppen von PEG</translation>
  </message>
  <message>
   <source>Activation channels that stay in 16 bits, by layer, and whether blocks share them</source>
   <translation>Aktivierungskanäle, die in 16 Bit bleiben, nach Schicht, und ob Blöcke sie teilen</translation>
  </message>
  <message>
   <source>Activation format</source>
   <translation>Format der Aktivierungen</translation>
  </message>
  <message>
   <source>Activation granularity</source>
   <translation>Granularität der Aktivierungen</translation>
  </message>
  <message>
   <source>Activation group size</source>
   <translation>Gruppengröße der Aktivierungen</translation>
  </message>
  <message>
   <source>Activation kurtosis</source>
   <translation>Kurtosis der Aktivierungen</translation>
  </message>
  <message>
   <source>Activation outlier channels</source>
   <translation>Ausreißerkanäle der Aktivierungen</translation>
  </message>
  <message>
   <source>Activation outliers</source>
   <translation>Aktivierungsausreißer</translation>
  </message>
  <message>
   <source>Activation outliers ahead</source>
   <translation>Aktivierungsausreißer in Sicht</translation>
  </message>
  <message>
   <source>Activation peak ratio</source>
   <translation>Spitzenverhältnis der Aktivierungen</translation>
  </message>
  <message>
   <source>Activations a scale</source>
   <translation>Aktivierungen pro Skala</translation>
  </message>
  <message>
   <source>Add</source>
   <translation>Hinzufügen</translation>
  </message>
  <message>
   <source>Add a model or a statistics file to the plot; it can also be dropped here</source>
   <translation>Dem Bild ein Modell oder eine Statistikdatei hinzufügen; sie lässt sich auch hier ablegen</translation>
  </message>
  <message>
   <source>Add a model to the comparison</source>
   <translation>Dem Vergleich ein Modell hinzufügen</translation>
  </message>
  <message>
   <source>Add a weight or statistics file to the comparison</source>
   <translation>Dem Vergleich eine Gewichts- oder Statistikdatei hinzufügen</translation>
  </message>
  <message>
   <source>Add file to comparison…</source>
   <translation>Datei zum Vergleich hinzufügen…</translation>
  </message>
  <message>
   <source>Add model to comparison…</source>
   <translation>Modell zum Vergleich hinzufügen…</translation>
  </message>
  <message>
   <source>Add model…</source>
   <translation>Modell hinzufügen…</translation>
  </message>
  <message>
   <source>Added to the diagonal of H, as a share of its mean</source>
   <translation>Zur Diagonale von H addiert, als Anteil ihres Mittels</translation>
  </message>
  <message>
   <source>Added to the diagonal of H, as a share of its mean; GPTQ and BiLLM take 0.01</source>
   <translation>Wird zur Diagonale von H addiert, als Anteil ihres Mittels; GPTQ und BiLLM nehmen 0.01</translation>
  </message>
  <message>
   <source>After</source>
   <translation>Nachher</translation>
  </message>
  <message>
   <source>After minus before</source>
   <translation>Nachher minus vorher</translation>
  </message>
  <message>
   <source>Agreement of the metrics (Kendall's tau over layers)</source>
   <translation>Übereinstimmung der Maße (Kendalls Tau über die Schichten)</translation>
  </message>
  <message>
   <source>Algorithm</source>
   <translation>Algorithmus</translation>
  </message>
  <message>
   <source>All %1 groups above the target</source>
   <translation>Alle %1 Gruppen über dem Ziel</translation>
  </message>
  <message>
   <source>All %1 metrics prefer %2.</source>
   <translation>Alle %1 Maße ziehen %2 vor.</translation>
  </message>
  <message>
   <source>All W8 channel</source>
   <translation>W8 Kanal</translation>
  </message>
  <message>
   <source>All blocks, this role</source>
   <translation>Alle Blöcke, diese Rolle</translation>
  </message>
  <message>
   <source>All channels share one scale</source>
   <translation>Alle Kanäle teilen eine Skala</translation>
  </message>
  <message>
   <source>All groups</source>
   <translation>Alle Gruppen</translation>
  </message>
  <message>
   <source>All groups above the target</source>
   <translation>Alle Gruppen über dem Ziel</translation>
  </message>
  <message>
   <source>All keys</source>
   <translation>Alle Tasten</translation>
  </message>
  <message>
   <source>All linears</source>
   <translation>Alle Schichten</translation>
  </message>
  <message>
   <source>All linears, the matrix and the channels of the current one</source>
   <translation>Alle Schichten, Matrix und Kanäle der aktuellen</translation>
  </message>
  <message>
   <source>All metrics under A and B</source>
   <translation>Alle Maße unter A und B</translation>
  </message>
  <message>
   <source>All that can be imported (*.safetensors *.npz *.dat *.gguf *.pt *.h5 *imatrix*);;Activations, tokens × channels (*.safetensors *.npz);;llama.cpp imatrix (*.dat *.gguf *imatrix*);;SmoothQuant act_scales (*.pt *.safetensors);;Captures (*.h5);;All files (*)</source>
   <translation>Alles Importierbare (*.safetensors *.npz *.dat *.gguf *.pt *.h5 *imatrix*);;Aktivierungen, Tokens × Kanäle (*.safetensors *.npz);;llama.cpp-imatrix (*.dat *.gguf *imatrix*);;SmoothQuant act_scales (*.pt *.safetensors);;Mitschnitte (*.h5);;Alle Dateien (*)</translation>
  </message>
  <message>
   <source>All that can be opened (*.safetensors *.index.json *.h5 *.json);;Weights (*.safetensors *.index.json);;Statistics (*.h5);;Plans (*.qlplan.json *.json);;All files (*)</source>
   <translation>Alles, was sich öffnen lässt (*.safetensors *.index.json *.h5 *.json);;Gewichte (*.safetensors *.index.json);;Statistik (*.h5);;Pläne (*.qlplan.json *.json);;Alle Dateien (*)</translation>
  </message>
  <message>
   <source>Alpha</source>
   <translation>Alpha</translation>
  </message>
  <message>
   <source>Also largest |W|</source>
   <translation>Auch größtes |W|</translation>
  </message>
  <message>
   <source>Also largest |X|</source>
   <translation>Auch größtes |X|</translation>
  </message>
  <message>
   <source>Also |x| ≥ %1</source>
   <translation>Auch |x| ≥ %1</translation>
  </message>
  <message>
   <source>Also: %1</source>
   <translation>Außerdem: %1</translation>
  </message>
  <message>
   <source>Alternate</source>
   <translation>Abwechseln</translation>
  </message>
  <message>
   <source>Apply</source>
   <translation>Anwenden</translation>
  </message>
  <message>
   <source>Apply &amp;smoothing</source>
   <translation>&amp;Glättung anwenden</translation>
  </message>
  <message>
   <source>Apply each optimum</source>
   <translation>Jedes Optimum anwenden</translation>
  </message>
  <message>
   <source>Apply this alpha</source>
   <translation>Dieses alpha anwenden</translation>
  </message>
  <message>
   <source>Apply to</source>
   <translation>Auch auf</translation>
  </message>
  <message>
   <source>Apply to %1</source>
   <translation>Anwenden auf %1</translation>
  </message>
  <message>
   <source>Apply to %1 selected</source>
   <translation>Auf %1 anwenden</translation>
  </message>
  <message>
   <source>Apply to &amp;blocks…</source>
   <translation>Auf &amp;Blöcke anwenden…</translation>
  </message>
  <message>
   <source>Apply to a range of blocks</source>
   <translation>Auf einen Bereich von Blöcken anwenden</translation>
  </message>
  <message>
   <source>Apply to all li&amp;nears</source>
   <translation>Auf alle Schich&amp;ten anwenden</translation>
  </message>
  <message>
   <source>Apply to fused &amp;siblings</source>
   <translation>Auf verschmolzene &amp;Geschwister anwenden</translation>
  </message>
  <message>
   <source>Apply to plan</source>
   <translation>Auf den Plan anwenden</translation>
  </message>
  <message>
   <source>Apply to the r&amp;ole</source>
   <translation>Auf die R&amp;olle anwenden</translation>
  </message>
  <message>
   <source>Apply to the same &amp;diagnosis</source>
   <translation>Auf denselben &amp;Befund anwenden</translation>
  </message>
  <message>
   <source>Apply to this group</source>
   <translation>Auf Gruppe anwenden</translation>
  </message>
  <message>
   <source>Apply to this linear</source>
   <translation>Hier anwenden</translation>
  </message>
  <message>
   <source>Apply, rename or delete what was kept</source>
   <translation>Anwenden, umbenennen oder löschen, was aufbewahrt wurde</translation>
  </message>
  <message>
   <source>Arrow keys, Space</source>
   <translation>Pfeiltasten, Leertaste</translation>
  </message>
  <message>
   <source>As &amp;text</source>
   <translation>Als &amp;Text</translation>
  </message>
  <message>
   <source>As on the screen</source>
   <translation>Wie auf dem Bildschirm</translation>
  </message>
  <message>
   <source>As the &amp;system</source>
   <translation>Wie das &amp;System</translation>
  </message>
  <message>
   <source>As they stand</source>
   <translation>Wie sie stehen</translation>
  </message>
  <message>
   <source>Asym.</source>
   <translation>Asym.</translation>
  </message>
  <message>
   <source>Asymmetric: a zero point, the range is min to max</source>
   <translation>Asymmetrisch: mit Nullpunkt, der Bereich ist Minimum bis Maximum</translation>
  </message>
  <message>
   <source>At its optimum, α %1, the output error is %2 of %3 before; the target is %4.</source>
   <translation>Bei ihrem Optimum, α %1, ist der Ausgangsfehler %2 von vorher %3; das Ziel ist %4.</translation>
  </message>
  <message>
   <source>At most so many tokens of the text, the special ones included; 0 = all of it</source>
   <translation>Höchstens so viele Tokens des Textes, die besonderen eingeschlossen; 0 = alle</translation>
  </message>
  <message>
   <source>At this alpha</source>
   <translation>Bei diesem alpha</translation>
  </message>
  <message>
   <source>B</source>
   <translation>B</translation>
  </message>
  <message>
   <source>B against A</source>
   <translation>B gegen A</translation>
  </message>
  <message>
   <source>B against A: a difference in percent, or a factor where it is more than ten.</source>
   <translation>B gegen A: der Unterschied in Prozent, oder ein Faktor, wo er größer als zehn ist.</translation>
  </message>
  <message>
   <source>B − A</source>
   <translation>B − A</translation>
  </message>
  <message>
   <source>B&amp;rowse…</source>
   <translation>&amp;Durchsuchen…</translation>
  </message>
  <message>
   <source>Back to the start page</source>
   <translation>Zurück zur Startseite</translation>
  </message>
  <message>
   <source>Back to what the plan says; the plan stays as it is</source>
   <translation>Zurück zu dem, was der Plan sagt; der Plan bleibt, wie er ist</translation>
  </message>
  <message>
   <source>Before</source>
   <translation>Vorher</translation>
  </message>
  <message>
   <source>Below 1 the Hessian cannot have full rank, and the damping hides it</source>
   <translation>Unter 1 kann die Hesse-Matrix keinen vollen Rang haben, und die Dämpfung verdeckt es</translation>
  </message>
  <message>
   <source>Better</source>
   <translation>Besser</translation>
  </message>
  <message>
   <source>Bi-smooth. α</source>
   <translation>Bi-Smooth. α</translation>
  </message>
  <message>
   <source>Bi-smoothing</source>
   <translation>Bi-Smoothing</translation>
  </message>
  <message>
   <source>Bi-smoothing (max)</source>
   <translation>Bi-Smoothing (Max.)</translation>
  </message>
  <message>
   <source>Bi-smoothing (max, alpha %1)</source>
   <translation>Bi-Smoothing (Max., alpha %1)</translation>
  </message>
  <message>
   <source>Bi-smoothing (max, data-free)</source>
   <translation>Bi-Smoothing (Max., datenfrei)</translation>
  </message>
  <message>
   <source>Bi-smoothing (median)</source>
   <translation>Bi-Smoothing (Median)</translation>
  </message>
  <message>
   <source>Bi-smoothing (median, alpha %1)</source>
   <translation>Bi-Smoothing (Median, alpha %1)</translation>
  </message>
  <message>
   <source>Bi-smoothing (median, data-free)</source>
   <translation>Bi-Smoothing (Median, datenfrei)</translation>
  </message>
  <message>
   <source>BiLLM</source>
   <translation>BiLLM</translation>
  </message>
  <message>
   <source>BiLLM code</source>
   <translation>BiLLM-Code</translation>
  </message>
  <message>
   <source>BiLLM figures</source>
   <translation>Zahlen zu BiLLM</translation>
  </message>
  <message>
   <source>BiLLM needs to know what goes into a linear.</source>
   <translation>BiLLM muss wissen, was in eine Schicht hineingeht.</translation>
  </message>
  <message>
   <source>BiLLM of %1</source>
   <translation>BiLLM von %1</translation>
  </message>
  <message>
   <source>BiLLM paper</source>
   <translation>BiLLM-Arbeit</translation>
  </message>
  <message>
   <source>BiLLM: signs with a mean and a scale a row and block; salient columns twice, errors passed on.</source>
   <translation>BiLLM: Vorzeichen mit Mittelwert und Skala je Zeile und Block; saliente Spalten zweimal, Fehler weitergegeben.</translation>
  </message>
  <message>
   <source>Binarizing %1…</source>
   <translation>%1 wird binarisiert…</translation>
  </message>
  <message>
   <source>Bits a weight under the plan, float32 scales included</source>
   <translation>Bits pro Gewicht unter dem Plan, float32-Skalen eingeschlossen</translation>
  </message>
  <message>
   <source>Bits a weight, float32 scales and zero points included.</source>
   <translation>Bits pro Gewicht, float32-Skalen und Nullpunkte eingeschlossen.</translation>
  </message>
  <message>
   <source>Bits per weight</source>
   <translation>Bits pro Gewicht</translation>
  </message>
  <message>
   <source>Bits, all that is stored</source>
   <translation>Bits, alles Gespeicherte</translation>
  </message>
  <message>
   <source>Bits, as the paper counts</source>
   <translation>Bits, wie der Artikel zählt</translation>
  </message>
  <message>
   <source>Bits/weight</source>
   <translation>Bits/Gewicht</translation>
  </message>
  <message>
   <source>Block %1</source>
   <translation>Block %1</translation>
  </message>
  <message>
   <source>Block %1, %2, %3</source>
   <translation>Block %1, %2, %3</translation>
  </message>
  <message>
   <source>Block range…</source>
   <translation>Blockbereich…</translation>
  </message>
  <message>
   <source>Blocks counted from 0, as --blocks on the command line</source>
   <translation>Blöcke, gezählt ab 0, wie --blocks auf der Befehlszeile</translation>
  </message>
  <message>
   <source>Blocks of llama.cpp with scales of fp16 or of a few bits; needs no data.</source>
   <translation>Blöcke von llama.cpp mit Skalen in fp16 oder wenigen Bits; braucht keine Daten.</translation>
  </message>
  <message>
   <source>Both curves on one scale; sorted by how much there is to gain</source>
   <translation>Beide Kurven auf einer Skala; geordnet danach, wie viel zu gewinnen ist</translation>
  </message>
  <message>
   <source>Both error maps in one place; Space shows the other one</source>
   <translation>Beide Fehlerkarten an einem Platz; die Leertaste zeigt die andere</translation>
  </message>
  <message>
   <source>Both error maps with one zoom and one colour range</source>
   <translation>Beide Fehlerkarten mit einer Vergrößerung und einem Farbbereich</translation>
  </message>
  <message>
   <source>Both sides must be at least 64 pixels on the screen and at most 16,384 pixels at the chosen resolution.</source>
   <translation>Beide Seiten müssen auf dem Bildschirm mindestens 64 und bei der gewählten Auflösung höchstens 16.384 Bildpunkte haben.</translation>
  </message>
  <message>
   <source>Bundled calibration text</source>
   <translation>Mitgelieferter Kalibrierungstext</translation>
  </message>
  <message>
   <source>Bundled held-out text</source>
   <translation>Mitgelieferter Prüftext</translation>
  </message>
  <message>
   <source>By block, beyond 3 standard deviations</source>
   <translation>Nach Block, jenseits von 3 Standardabweichungen</translation>
  </message>
  <message>
   <source>By channel</source>
   <translation>Nach Kanal</translation>
  </message>
  <message>
   <source>By range</source>
   <translation>Nach Bereich</translation>
  </message>
  <message>
   <source>By rank</source>
   <translation>Nach Rang</translation>
  </message>
  <message>
   <source>By threshold</source>
   <translation>Nach Schwelle</translation>
  </message>
  <message>
   <source>By turn</source>
   <translation>Nach Reihenfolge</translation>
  </message>
  <message>
   <source>C&amp;hannel</source>
   <translation>&amp;Kanal</translation>
  </message>
  <message>
   <source>C&amp;lose model</source>
   <translation>Modell s&amp;chließen</translation>
  </message>
  <message>
   <source>Cali&amp;brate…</source>
   <translation>Kali&amp;brieren…</translation>
  </message>
  <message>
   <source>Calibrate</source>
   <translation>Kalibrieren</translation>
  </message>
  <message>
   <source>Calibrate again and keep the second moments, so that H is made of all tokens</source>
   <translation>Noch einmal kalibrieren und die zweiten Momente behalten, so dass H aus allen Tokens gemacht ist</translation>
  </message>
  <message>
   <source>Calibrate to see what reaches this linear.</source>
   <translation>Kalibrieren, um zu sehen, was diese Schicht erreicht.</translation>
  </message>
  <message>
   <source>Calibrated on %1</source>
   <translation>Kalibriert auf %1</translation>
  </message>
  <message>
   <source>Calibrate…</source>
   <translation>Kalibrieren…</translation>
  </message>
  <message>
   <source>Calibrating on %1</source>
   <translation>Kalibrierung auf %1</translation>
  </message>
  <message>
   <source>Calibration has not reached this block yet.</source>
   <translation>Die Kalibrierung hat diesen Block noch nicht erreicht.</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>Cancel the job</source>
   <translation>Auftrag abbrechen</translation>
  </message>
  <message>
   <source>Cancelled; nothing was written.</source>
   <translation>Abgebrochen; nichts wurde geschrieben.</translation>
  </message>
  <message>
   <source>Change</source>
   <translation>Änderung</translation>
  </message>
  <message>
   <source>Channel</source>
   <translation>Kanal</translation>
  </message>
  <message>
   <source>Channel %1 along the depth</source>
   <translation>Kanal %1 über die Tiefe</translation>
  </message>
  <message>
   <source>Channel %1 in all blocks, %2</source>
   <translation>Kanal %1 in allen Blöcken, %2</translation>
  </message>
  <message>
   <source>Channel %1 through the network</source>
   <translation>Kanal %1 durch das Netz</translation>
  </message>
  <message>
   <source>Channel %1, %2</source>
   <translation>Kanal %1, %2</translation>
  </message>
  <message>
   <source>Channel %1, %2 of %3, block %4: %5, %6 times the median.</source>
   <translation>Kanal %1, %2 von %3, Block %4: %5, das %6-Fache des Medians.</translation>
  </message>
  <message>
   <source>Channel %1, factor %2</source>
   <translation>Kanal %1, Faktor %2</translation>
  </message>
  <message>
   <source>Channel %1, rank %2: largest weight %3 before and %4 after smoothing, S %5.</source>
   <translation>Kanal %1, Rang %2: größtes Gewicht %3 vor und %4 nach der Glättung, S %5.</translation>
  </message>
  <message>
   <source>Channel &amp;tracker</source>
   <translation>Kanal&amp;verfolger</translation>
  </message>
  <message>
   <source>Channel groups</source>
   <translation>Kanalgruppen</translation>
  </message>
  <message>
   <source>Channel of the residual stream</source>
   <translation>Kanal des Residualstroms</translation>
  </message>
  <message>
   <source>Channel tracker</source>
   <translation>Kanalverfolger</translation>
  </message>
  <message>
   <source>Channels</source>
   <translation>Kanäle</translation>
  </message>
  <message>
   <source>Channels and sampled tokens of this input with an |x| at or over the threshold</source>
   <translation>Kanäle und Tokens der Stichprobe dieses Eingangs mit einem |x| auf oder über der Schwelle</translation>
  </message>
  <message>
   <source>Channels are sorted by their range and cut into groups of equal size</source>
   <translation>Kanäle werden nach ihrem Bereich sortiert und in gleich große Gruppen geschnitten</translation>
  </message>
  <message>
   <source>Channels as they stand</source>
   <translation>Kanäle, wie sie stehen</translation>
  </message>
  <message>
   <source>Channels before and after</source>
   <translation>Kanäle vorher und nachher</translation>
  </message>
  <message>
   <source>Channels before and after smoothing, %1</source>
   <translation>Kanäle vor und nach der Glättung, %1</translation>
  </message>
  <message>
   <source>Channels by smallest and largest value</source>
   <translation>Kanäle nach kleinstem und größtem Wert</translation>
  </message>
  <message>
   <source>Channels of %1 before and after smoothing: %2, then %3.</source>
   <translation>Kanäle von %1 vor und nach der Glättung: %2, dann %3.</translation>
  </message>
  <message>
   <source>Channels of X</source>
   <translation>Kanäle von X</translation>
  </message>
  <message>
   <source>Channels of X with an |x| of at least 6.0 (LLM.int8).</source>
   <translation>Kanäle von X mit einem |x| von mindestens 6,0 (LLM.int8).</translation>
  </message>
  <message>
   <source>Channels of similar range together, by k-means (RPTQ, arXiv:2304.01089)</source>
   <translation>Kanäle mit ähnlichem Bereich zusammen, durch k-means (RPTQ, arXiv:2304.01089)</translation>
  </message>
  <message>
   <source>Channels of the activations that share one scale</source>
   <translation>Kanäle der Aktivierungen, die eine Skala teilen</translation>
  </message>
  <message>
   <source>Channels of the current linear</source>
   <translation>Kanäle der aktuellen Schicht</translation>
  </message>
  <message>
   <source>Channels sorted by range, in groups of one size (PEG, arXiv:2109.12948)</source>
   <translation>Kanäle nach Bereich sortiert, in gleich großen Gruppen (PEG, arXiv:2109.12948)</translation>
  </message>
  <message>
   <source>Channels that stand out in a weight, a norm or an input, the largest ratio to the median first</source>
   <translation>Kanäle, die in einem Gewicht, einer Norm oder einem Eingang herausragen, das größte Verhältnis zum Median zuerst</translation>
  </message>
  <message>
   <source>Channels to follow</source>
   <translation>Kanäle zum Verfolgen</translation>
  </message>
  <message>
   <source>Channels where a token reaches this stay in 16 bits; 6 in the paper and in its code</source>
   <translation>Kanäle, in denen ein Token dies erreicht, bleiben in 16 Bit; 6 im Artikel und in seinem Code</translation>
  </message>
  <message>
   <source>Channels with similar minimum and maximum share a scale; they are reordered</source>
   <translation>Kanäle mit ähnlichem Minimum und Maximum teilen eine Skala; sie werden umgeordnet</translation>
  </message>
  <message>
   <source>Channels worth following</source>
   <translation>Verfolgenswerte Kanäle</translation>
  </message>
  <message>
   <source>Channels, ranked</source>
   <translation>Kanäle, geordnet</translation>
  </message>
  <message>
   <source>Check &amp;all</source>
   <translation>&amp;Alle anhaken</translation>
  </message>
  <message>
   <source>Check &amp;none</source>
   <translation>&amp;Keine anhaken</translation>
  </message>
  <message>
   <source>Choice</source>
   <translation>Wahl</translation>
  </message>
  <message>
   <source>Choice %1 as SPEC</source>
   <translation>Wahl %1 als SPEC</translation>
  </message>
  <message>
   <source>Choice as SPEC</source>
   <translation>Wahl als SPEC</translation>
  </message>
  <message>
   <source>Choose a file.</source>
   <translation>Eine Datei wählen.</translation>
  </message>
  <message>
   <source>Choose a rotation of the residual stream or of the heads.</source>
   <translation>Eine Rotation des Residualstroms oder der Köpfe wählen.</translation>
  </message>
  <message>
   <source>Choose a smoothing group, or a linear that has one.</source>
   <translation>Eine Glättungsgruppe wählen, oder eine Schicht, die eine hat.</translation>
  </message>
  <message>
   <source>Clamped</source>
   <translation>Begrenzt</translation>
  </message>
  <message>
   <source>Clean</source>
   <translation>Sauber</translation>
  </message>
  <message>
   <source>Clear &amp;selection</source>
   <translation>Auswahl auf&amp;heben</translation>
  </message>
  <message>
   <source>Clear the list</source>
   <translation>Liste leeren</translation>
  </message>
  <message>
   <source>Click a cell of the overview to see its weights here</source>
   <translation>Auf ein Feld der Übersicht klicken, um hier seine Gewichte zu sehen</translation>
  </message>
  <message>
   <source>Click a cell of the overview to see the salience of its weights.</source>
   <translation>Auf ein Feld der Übersicht klicken, um die Salienz seiner Gewichte zu sehen.</translation>
  </message>
  <message>
   <source>Click a channel to follow it through all blocks.</source>
   <translation>Auf einen Kanal klicken, um ihm durch alle Blöcke zu folgen.</translation>
  </message>
  <message>
   <source>Click, Ctrl+click, Shift+click</source>
   <translation>Klick, Strg+Klick, Umschalt+Klick</translation>
  </message>
  <message>
   <source>Click: its matrix, this channel pinned</source>
   <translation>Klick: die Matrix, dieser Kanal angeheftet</translation>
  </message>
  <message>
   <source>Clip</source>
   <translation>Clip</translation>
  </message>
  <message>
   <source>Close %1 (View menu brings it back)</source>
   <translation>%1 schließen (das Menü Ansicht holt es zurück)</translation>
  </message>
  <message>
   <source>Clusters</source>
   <translation>Cluster</translation>
  </message>
  <message>
   <source>Codes need the weight files; only statistics are open.</source>
   <translation>Codes brauchen die Gewichtsdateien; offen ist nur Statistik.</translation>
  </message>
  <message>
   <source>Codes of the format that no weight has.</source>
   <translation>Codes des Formats, die kein Gewicht hat.</translation>
  </message>
  <message>
   <source>Codes used under A and B</source>
   <translation>Unter A und B benutzte Codes</translation>
  </message>
  <message>
   <source>Colour scale</source>
   <translation>Farbskala</translation>
  </message>
  <message>
   <source>Colours</source>
   <translation>Farben</translation>
  </message>
  <message>
   <source>Colours by rank: every colour as often (L)</source>
   <translation>Farben nach Rang: jede Farbe gleich oft (L)</translation>
  </message>
  <message>
   <source>Colours by the logarithm of the value (L)</source>
   <translation>Farben nach dem Logarithmus des Wertes (L)</translation>
  </message>
  <message>
   <source>Colours by value (L)</source>
   <translation>Farben nach dem Wert (L)</translation>
  </message>
  <message>
   <source>Column by column to the nearest code; each error is passed on to the columns behind so that the layer's output on the calibration data suffers least.</source>
   <translation>Spalte für Spalte zum nächsten Code; jeder Fehler wird an die Spalten dahinter weitergegeben, sodass der Ausgang der Schicht auf den Kalibrierdaten am wenigsten leidet.</translation>
  </message>
  <message>
   <source>Column peak</source>
   <translation>Spaltenspitze</translation>
  </message>
  <message>
   <source>Column peak ratio</source>
   <translation>Spaltenspitzenverhältnis</translation>
  </message>
  <message>
   <source>Column-normalised: no norm feeds this linear.</source>
   <translation>Spaltennormiert: keine Norm speist diese Schicht.</translation>
  </message>
  <message>
   <source>Columns</source>
   <translation>Spalten</translation>
  </message>
  <message>
   <source>Columns as they stand in the matrix</source>
   <translation>Spalten, wie sie in der Matrix stehen</translation>
  </message>
  <message>
   <source>Columns by salience</source>
   <translation>Spalten nach Salienz</translation>
  </message>
  <message>
   <source>Columns by salience: channel %1 has rank %2, salience %3; the columns up to it hold %4.</source>
   <translation>Spalten nach Salienz: Kanal %1 hat Rang %2, Salienz %3; die Spalten bis zu ihm halten %4.</translation>
  </message>
  <message>
   <source>Columns by salience: the first %1 of %2 hold %3 of the total.</source>
   <translation>Spalten nach Salienz: die ersten %1 von %2 halten %3 der Summe.</translation>
  </message>
  <message>
   <source>Columns by score</source>
   <translation>Spalten nach Wertung</translation>
  </message>
  <message>
   <source>Columns by score: %1 of %2 became salient; arrow keys walk through them</source>
   <translation>Spalten nach Wertung: %1 von %2 wurden salient; Pfeiltasten gehen durch sie</translation>
  </message>
  <message>
   <source>Columns in order of falling activation energy.</source>
   <translation>Spalten nach fallender Energie der Aktivierungen.</translation>
  </message>
  <message>
   <source>Columns in the order in which GPTQ takes them (act-order changes it)</source>
   <translation>Spalten in der Reihenfolge, in der GPTQ sie nimmt (act-order ändert sie)</translation>
  </message>
  <message>
   <source>Columns of a block</source>
   <translation>Spalten eines Blocks</translation>
  </message>
  <message>
   <source>Columns that are binarized twice</source>
   <translation>Spalten, die zweimal binarisiert werden</translation>
  </message>
  <message>
   <source>Columns treated together.</source>
   <translation>Spalten, die zusammen behandelt werden.</translation>
  </message>
  <message>
   <source>Columns updated lazily together.</source>
   <translation>Spalten, die gemeinsam verzögert aktualisiert werden.</translation>
  </message>
  <message>
   <source>Columns with the largest score first</source>
   <translation>Spalten mit der größten Wertung zuerst</translation>
  </message>
  <message>
   <source>Comma-separated values (*.csv)</source>
   <translation>Durch Komma getrennte Werte (*.csv)</translation>
  </message>
  <message>
   <source>Common choices for %1</source>
   <translation>Übliche Wahlen für %1</translation>
  </message>
  <message>
   <source>Compare</source>
   <translation>Vergleich</translation>
  </message>
  <message>
   <source>Compare A &amp;with B</source>
   <translation>A &amp;mit B vergleichen</translation>
  </message>
  <message>
   <source>Compare m&amp;odels</source>
   <translation>M&amp;odelle vergleichen</translation>
  </message>
  <message>
   <source>Compare the me&amp;trics</source>
   <translation>&amp;Maße vergleichen</translation>
  </message>
  <message>
   <source>Comparing integers and floats</source>
   <translation>Ganze Zahlen und Gleitkommazahlen werden verglichen</translation>
  </message>
  <message>
   <source>Comparing output and input channels</source>
   <translation>Ausgangs- und Eingangskanäle werden verglichen</translation>
  </message>
  <message>
   <source>Comparison with the threshold</source>
   <translation>Vergleich mit der Schwelle</translation>
  </message>
  <message>
   <source>Compute from the calibration text…</source>
   <translation>Aus dem Kalibrierungstext berechnen…</translation>
  </message>
  <message>
   <source>Computing the salience…</source>
   <translation>Die Salienz wird berechnet…</translation>
  </message>
  <message>
   <source>Condition</source>
   <translation>Kondition</translation>
  </message>
  <message>
   <source>Condition number</source>
   <translation>Konditionszahl</translation>
  </message>
  <message>
   <source>Condition number of X</source>
   <translation>Konditionszahl von X</translation>
  </message>
  <message>
   <source>Copied.</source>
   <translation>Kopiert.</translation>
  </message>
  <message>
   <source>Copied: %1</source>
   <translation>Kopiert: %1</translation>
  </message>
  <message>
   <source>Copy &amp;analyze command</source>
   <translation>&amp;analyze-Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy &amp;diagnose command</source>
   <translation>&amp;diagnose-Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy &amp;error command</source>
   <translation>&amp;error-Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy &amp;numbers</source>
   <translation>&amp;Zahlen kopieren</translation>
  </message>
  <message>
   <source>Copy &amp;picture</source>
   <translation>&amp;Bild kopieren</translation>
  </message>
  <message>
   <source>Copy &amp;plan set command</source>
   <translation>„plan set“-Befehl k&amp;opieren</translation>
  </message>
  <message>
   <source>Copy &amp;stats command</source>
   <translation>&amp;stats-Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy &amp;table</source>
   <translation>&amp;Tabelle kopieren</translation>
  </message>
  <message>
   <source>Copy all</source>
   <translation>Alles kopieren</translation>
  </message>
  <message>
   <source>Copy as comman&amp;d</source>
   <translation>Als Be&amp;fehl kopieren</translation>
  </message>
  <message>
   <source>Copy as command</source>
   <translation>Als Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy as qloupe &amp;command</source>
   <translation>Als qloupe-&amp;Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy as qloupe command</source>
   <translation>Als qloupe-Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy error</source>
   <translation>Fehler kopieren</translation>
  </message>
  <message>
   <source>Copy names</source>
   <translation>Namen kopieren</translation>
  </message>
  <message>
   <source>Copy picture</source>
   <translation>Bild kopieren</translation>
  </message>
  <message>
   <source>Copy plan &amp;table</source>
   <translation>Plan&amp;tabelle kopieren</translation>
  </message>
  <message>
   <source>Copy rows</source>
   <translation>Zeilen kopieren</translation>
  </message>
  <message>
   <source>Copy sal&amp;ience command</source>
   <translation>&amp;salience-Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy the command</source>
   <translation>Befehl kopieren</translation>
  </message>
  <message>
   <source>Copy the command line that does the same</source>
   <translation>Die Befehlszeile kopieren, die dasselbe tut</translation>
  </message>
  <message>
   <source>Copy the explanation</source>
   <translation>Erklärung kopieren</translation>
  </message>
  <message>
   <source>Copy the finding</source>
   <translation>Befund kopieren</translation>
  </message>
  <message>
   <source>Copy the message</source>
   <translation>Meldung kopieren</translation>
  </message>
  <message>
   <source>Copy the numbers of the view with the focus, tab-separated (in a view: Ctrl+C)</source>
   <translation>Die Zahlen der Ansicht mit dem Fokus kopieren, durch Tabulatoren getrennt (in einer Ansicht: Strg+C)</translation>
  </message>
  <message>
   <source>Copy the selected rows of the plan table, tab-separated (in the table: Ctrl+C)</source>
   <translation>Die ausgewählten Zeilen der Plantabelle kopieren, durch Tabulatoren getrennt (in der Tabelle: Strg+C)</translation>
  </message>
  <message>
   <source>Copy the text of the error</source>
   <translation>Den Text des Fehlers kopieren</translation>
  </message>
  <message>
   <source>Copy the view with the focus as a picture (in a view: Ctrl+Shift+C)</source>
   <translation>Die Ansicht mit dem Fokus als Bild kopieren (in einer Ansicht: Strg+Umschalt+C)</translation>
  </message>
  <message>
   <source>Copy values</source>
   <translation>Werte kopieren</translation>
  </message>
  <message>
   <source>Copy values as CSV</source>
   <translation>Werte als CSV kopieren</translation>
  </message>
  <message>
   <source>Cost</source>
   <translation>Kosten</translation>
  </message>
  <message>
   <source>Count &amp;NaN, Inf and zeros</source>
   <translation>&amp;NaN, Inf und Nullen zählen</translation>
  </message>
  <message>
   <source>Count outlier weights</source>
   <translation>Ausreißergewichte zählen</translation>
  </message>
  <message>
   <source>Counting NaN, Inf and zeros</source>
   <translation>NaN, Inf und Nullen werden gezählt</translation>
  </message>
  <message>
   <source>Counting codes…</source>
   <translation>Codes werden gezählt…</translation>
  </message>
  <message>
   <source>Counting needs the weights, and only a statistics file is open.</source>
   <translation>Zum Zählen braucht es die Gewichte, und nur eine Statistikdatei ist offen.</translation>
  </message>
  <message>
   <source>Counting outlier channels</source>
   <translation>Ausreißerkanäle werden gezählt</translation>
  </message>
  <message>
   <source>Counting outlier dims…</source>
   <translation>Ausreißerdimensionen werden gezählt…</translation>
  </message>
  <message>
   <source>Counting outlier weights</source>
   <translation>Ausreißergewichte werden gezählt</translation>
  </message>
  <message>
   <source>Counting outlier weights…</source>
   <translation>Ausreißergewichte werden gezählt…</translation>
  </message>
  <message>
   <source>Counting the codes of %1</source>
   <translation>Die Codes von %1 werden gezählt</translation>
  </message>
  <message>
   <source>Counting windows</source>
   <translation>Fenster werden gezählt</translation>
  </message>
  <message>
   <source>Counting…</source>
   <translation>Wird gezählt…</translation>
  </message>
  <message>
   <source>Ctrl+C, Ctrl+Shift+C</source>
   <translation>Strg+C, Strg+Umschalt+C</translation>
  </message>
  <message>
   <source>Ctrl+T</source>
   <translation>Strg+T</translation>
  </message>
  <message>
   <source>Ctrl+wheel, middle drag, F</source>
   <translation>Strg+Rad, mittlere Taste ziehen, F</translation>
  </message>
  <message>
   <source>Damping</source>
   <translation>Dämpfung</translation>
  </message>
  <message>
   <source>Damping %1: %2</source>
   <translation>Dämpfung %1: %2</translation>
  </message>
  <message>
   <source>Damping %1; at %2 the concentration is %3 and the condition number %4.</source>
   <translation>Dämpfung %1; bei %2 ist die Konzentration %3 und die Konditionszahl %4.</translation>
  </message>
  <message>
   <source>Damping sweep</source>
   <translation>Durchlauf der Dämpfung</translation>
  </message>
  <message>
   <source>Dark</source>
   <translation>Dunkel</translation>
  </message>
  <message>
   <source>Dark colours</source>
   <translation>Dunkle Farben</translation>
  </message>
  <message>
   <source>Dark colours, for dark slides</source>
   <translation>Dunkle Farben, für dunkle Folien</translation>
  </message>
  <message>
   <source>Data-free: the norm's weight for X</source>
   <translation>Datenfrei: das Gewicht der Norm für X</translation>
  </message>
  <message>
   <source>Data: %1</source>
   <translation>Daten: %1</translation>
  </message>
  <message>
   <source>Dead channels</source>
   <translation>Tote Kanäle</translation>
  </message>
  <message>
   <source>Dead codes</source>
   <translation>Tote Codes</translation>
  </message>
  <message>
   <source>Dead columns</source>
   <translation>Tote Spalten</translation>
  </message>
  <message>
   <source>Decisions by linear</source>
   <translation>Entscheidungen nach Schicht</translation>
  </message>
  <message>
   <source>Definition of salience</source>
   <translation>Definition der Salienz</translation>
  </message>
  <message>
   <source>Demo model %1: %2</source>
   <translation>Demo-Modell %1: %2</translation>
  </message>
  <message>
   <source>Demo models</source>
   <translation>Demo-Modelle</translation>
  </message>
  <message>
   <source>Depth</source>
   <translation>Tiefe</translation>
  </message>
  <message>
   <source>Details</source>
   <translation>Einzelheiten</translation>
  </message>
  <message>
   <source>Diagnosing</source>
   <translation>Diagnose läuft</translation>
  </message>
  <message>
   <source>Difference</source>
   <translation>Unterschied</translation>
  </message>
  <message>
   <source>Dimensions</source>
   <translation>Abmessungen</translation>
  </message>
  <message>
   <source>Discard</source>
   <translation>Verwerfen</translation>
  </message>
  <message>
   <source>Dismiss</source>
   <translation>Schließen</translation>
  </message>
  <message>
   <source>Divide by the weights' own scale as well.</source>
   <translation>Auch durch die eigene Skala der Gewichte teilen.</translation>
  </message>
  <message>
   <source>Done, %1</source>
   <translation>Fertig, %1</translation>
  </message>
  <message>
   <source>Double-click</source>
   <translation>Doppelklick</translation>
  </message>
  <message>
   <source>Draw the errors of a weight or statistics file beside this model's</source>
   <translation>Die Fehler einer Gewichts- oder Statistikdatei neben denen dieses Modells zeichnen</translation>
  </message>
  <message>
   <source>Draw the errors of another model beside this one's</source>
   <translation>Die Fehler eines anderen Modells neben denen dieses Modells zeichnen</translation>
  </message>
  <message>
   <source>Drawing the compared errors</source>
   <translation>Die verglichenen Fehler werden gezeichnet</translation>
  </message>
  <message>
   <source>Drawing the matrix</source>
   <translation>Die Matrix wird gezeichnet</translation>
  </message>
  <message>
   <source>Drop a folder or file here</source>
   <translation>Ordner oder Datei hier ablegen</translation>
  </message>
  <message>
   <source>Drop the what-if; the plan stays as it is</source>
   <translation>Die Probe verwerfen; der Plan bleibt, wie er ist</translation>
  </message>
  <message>
   <source>Drop what is tried and not applied</source>
   <translation>Verwerfen, was ausprobiert und nicht angewendet ist</translation>
  </message>
  <message>
   <source>E&amp;xpert coverage…</source>
   <translation>Abdeckung der E&amp;xperten…</translation>
  </message>
  <message>
   <source>E&amp;xplain</source>
   <translation>Er&amp;klären</translation>
  </message>
  <message>
   <source>Each curve from its largest channel to its smallest</source>
   <translation>Jede Kurve von ihrem größten Kanal zum kleinsten</translation>
  </message>
  <message>
   <source>Each group at its optimum</source>
   <translation>Jede Gruppe bei ihrem Optimum</translation>
  </message>
  <message>
   <source>Edit the choice of the current linear as SPEC (in the table: F2)</source>
   <translation>Die Wahl der aktuellen Schicht als SPEC bearbeiten (in der Tabelle: F2)</translation>
  </message>
  <message>
   <source>Edit the name (F2)</source>
   <translation>Den Namen bearbeiten (F2)</translation>
  </message>
  <message>
   <source>Edits cannot be kept against a crash: %1</source>
   <translation>Änderungen können nicht gegen einen Absturz gesichert werden: %1</translation>
  </message>
  <message>
   <source>Edits pass over locked linears</source>
   <translation>Änderungen übergehen gesperrte Schichten</translation>
  </message>
  <message>
   <source>Edits pass over locked linears (Ctrl+K)</source>
   <translation>Änderungen übergehen gesperrte Schichten (Strg+K)</translation>
  </message>
  <message>
   <source>Eff. rank</source>
   <translation>Eff. Rang</translation>
  </message>
  <message>
   <source>Effective rank</source>
   <translation>Effektiver Rang</translation>
  </message>
  <message>
   <source>Effective rank of X</source>
   <translation>Effektiver Rang von X</translation>
  </message>
  <message>
   <source>Empty cell.</source>
   <translation>Leeres Feld.</translation>
  </message>
  <message>
   <source>Enter</source>
   <translation>Eingabe</translation>
  </message>
  <message>
   <source>Error</source>
   <translation>Fehler</translation>
  </message>
  <message>
   <source>Error at alpha %1</source>
   <translation>Fehler bei alpha %1</translation>
  </message>
  <message>
   <source>Error by</source>
   <translation>Fehler nach</translation>
  </message>
  <message>
   <source>Error by %1</source>
   <translation>Fehler nach %1</translation>
  </message>
  <message>
   <source>Error by %1, %2: least %3 at %4, %5.</source>
   <translation>Fehler nach %1, %2: am kleinsten %3 bei %4, %5.</translation>
  </message>
  <message>
   <source>Error by %1: nothing is measured yet.</source>
   <translation>Fehler nach %1: noch ist nichts gemessen.</translation>
  </message>
  <message>
   <source>Error by alpha</source>
   <translation>Fehler nach alpha</translation>
  </message>
  <message>
   <source>Error by alpha of %1, alpha %2 is tried.</source>
   <translation>Fehler nach alpha von %1, ausprobiert wird alpha %2.</translation>
  </message>
  <message>
   <source>Error by alpha of %1, no smoothing is tried.</source>
   <translation>Fehler nach alpha von %1, ausprobiert wird keine Glättung.</translation>
  </message>
  <message>
   <source>Error by alpha of %1: at alpha %2 the error is %3.</source>
   <translation>Fehler nach alpha von %1: bei alpha %2 ist der Fehler %3.</translation>
  </message>
  <message>
   <source>Error by alpha, %1</source>
   <translation>Fehler nach alpha, %1</translation>
  </message>
  <message>
   <source>Error by alpha: nothing is measured yet.</source>
   <translation>Fehler nach alpha: noch ist nichts gemessen.</translation>
  </message>
  <message>
   <source>Error by choice</source>
   <translation>Fehler nach Wahl</translation>
  </message>
  <message>
   <source>Error by column (input channel)</source>
   <translation>Fehler nach Spalte (Eingangskanal)</translation>
  </message>
  <message>
   <source>Error by row (output channel)</source>
   <translation>Fehler nach Zeile (Ausgangskanal)</translation>
  </message>
  <message>
   <source>Error curves of several models, layer by layer</source>
   <translation>Fehlerkurven mehrerer Modelle, Schicht für Schicht</translation>
  </message>
  <message>
   <source>Error maps, metrics and codes of the current linear under A and B</source>
   <translation>Fehlerkarten, Maße und Codes der aktuellen Schicht unter A und B</translation>
  </message>
  <message>
   <source>Error of %1 without smoothing</source>
   <translation>Fehler von %1 ohne Glättung</translation>
  </message>
  <message>
   <source>Error of X Wᵀ with the weights quantized, from XᵀX where it is known (Rᵀ XᵀX R rotated)</source>
   <translation>Fehler von X Wᵀ mit quantisierten Gewichten, aus XᵀX, wo es bekannt ist (rotiert Rᵀ XᵀX R)</translation>
  </message>
  <message>
   <source>Error of the hidden states by block</source>
   <translation>Fehler der verborgenen Zustände nach Block</translation>
  </message>
  <message>
   <source>Error of the outputs on data with the weights quantized.</source>
   <translation>Fehler der Ausgänge auf Daten mit quantisierten Gewichten.</translation>
  </message>
  <message>
   <source>Error of the outputs on the token sample with the activations quantized.</source>
   <translation>Fehler der Ausgänge auf der Token-Stichprobe mit quantisierten Aktivierungen.</translation>
  </message>
  <message>
   <source>Error of the outputs on the token sample with weights and activations quantized.</source>
   <translation>Fehler der Ausgänge auf der Token-Stichprobe mit quantisierten Gewichten und Aktivierungen.</translation>
  </message>
  <message>
   <source>Error over alpha from 0 to 1, blue SmoothQuant, green bi-smoothing: %1 without smoothing, %2 at the best alpha.</source>
   <translation>Fehler über alpha von 0 bis 1, blau SmoothQuant, grün Bi-Smoothing: %1 ohne Glättung, %2 beim besten alpha.</translation>
  </message>
  <message>
   <source>Error over alpha is not measured yet; use Search all groups.</source>
   <translation>Der Fehler über alpha ist noch nicht gemessen; „Alle Gruppen suchen“ benutzen.</translation>
  </message>
  <message>
   <source>Error over alpha of %1</source>
   <translation>Fehler über alpha von %1</translation>
  </message>
  <message>
   <source>Error over alpha of the group of the current linear</source>
   <translation>Fehler über alpha der Gruppe der aktuellen Schicht</translation>
  </message>
  <message>
   <source>Error over alpha of this linear's group, on the Smoothing page</source>
   <translation>Fehler über alpha der Gruppe dieser Schicht, auf der Seite Glättung</translation>
  </message>
  <message>
   <source>Error over alpha, channels before and after, and the fold</source>
   <translation>Fehler über alpha, Kanäle vorher und nachher und die Faltung</translation>
  </message>
  <message>
   <source>Error share</source>
   <translation>Fehleranteil</translation>
  </message>
  <message>
   <source>Error that no linear shall exceed: of its output where there are activations</source>
   <translation>Fehler, den keine Schicht überschreiten soll: ihres Ausgangs, wo es Aktivierungen gibt</translation>
  </message>
  <message>
   <source>Error through the blocks</source>
   <translation>Fehler durch die Blöcke</translation>
  </message>
  <message>
   <source>Error: %1</source>
   <translation>Fehler: %1</translation>
  </message>
  <message>
   <source>Errors by choice</source>
   <translation>Fehler nach Wahl</translation>
  </message>
  <message>
   <source>Errors if every linear were int8 per output channel</source>
   <translation>Fehler, wenn jede Schicht int8 pro Ausgangskanal wäre</translation>
  </message>
  <message>
   <source>Errors of %1 under A, %2, and B, %3.</source>
   <translation>Fehler von %1 unter A, %2, und B, %3.</translation>
  </message>
  <message>
   <source>Errors of %1: A %2, B %3</source>
   <translation>Fehler von %1: A %2, B %3</translation>
  </message>
  <message>
   <source>Errors of a plan are measured on text; nothing is measured yet.</source>
   <translation>Fehler eines Plans werden an Text gemessen; noch ist nichts gemessen.</translation>
  </message>
  <message>
   <source>Errors of integers of 4 bits</source>
   <translation>Fehler von Ganzzahlen mit 4 Bit</translation>
  </message>
  <message>
   <source>Errors of integers of 8 bits</source>
   <translation>Fehler von Ganzzahlen mit 8 Bit</translation>
  </message>
  <message>
   <source>Errors of several models</source>
   <translation>Fehler mehrerer Modelle</translation>
  </message>
  <message>
   <source>Errors under %1.</source>
   <translation>Fehler unter %1.</translation>
  </message>
  <message>
   <source>Errors under the plan's choices; a what-if on the selection is shown at once</source>
   <translation>Fehler unter den Wahlen des Plans; eine Probe auf der Auswahl wird sofort gezeigt</translation>
  </message>
  <message>
   <source>Every expert saw tokens (%1).</source>
   <translation>Jeder Experte sah Tokens (%1).</translation>
  </message>
  <message>
   <source>Every linear over the target gets the largest group size that brings it under; fused linears change together, and all others keep their scheme.</source>
   <translation>Jede Schicht über dem Ziel bekommt die größte Gruppengröße, die sie darunter bringt; verschmolzene Schichten ändern sich gemeinsam, und alle anderen behalten ihr Schema.</translation>
  </message>
  <message>
   <source>Every model under choice A</source>
   <translation>Jedes Modell unter Wahl A</translation>
  </message>
  <message>
   <source>Every model under choice B</source>
   <translation>Jedes Modell unter Wahl B</translation>
  </message>
  <message>
   <source>Everything can be expressed</source>
   <translation>Alles lässt sich ausdrücken</translation>
  </message>
  <message>
   <source>Exact on the token sample</source>
   <translation>Exakt auf der Token-Stichprobe</translation>
  </message>
  <message>
   <source>Exact on the token sample; other tokens: %1 to %2 (95 %)</source>
   <translation>Exakt auf der Token-Stichprobe; andere Tokens: %1 bis %2 (95 %)</translation>
  </message>
  <message>
   <source>Expert coverage</source>
   <translation>Abdeckung der Experten</translation>
  </message>
  <message>
   <source>Explaining a linear</source>
   <translation>Eine Schicht wird erklärt</translation>
  </message>
  <message>
   <source>Explanation</source>
   <translation>Erklärung</translation>
  </message>
  <message>
   <source>Explanation copied.</source>
   <translation>Erklärung kopiert.</translation>
  </message>
  <message>
   <source>Export plan</source>
   <translation>Plan exportieren</translation>
  </message>
  <message>
   <source>Export plan…</source>
   <translation>Plan exportieren…</translation>
  </message>
  <message>
   <source>Export to</source>
   <translation>Exportieren nach</translation>
  </message>
  <message>
   <source>Exported %1</source>
   <translation>%1 exportiert</translation>
  </message>
  <message>
   <source>Export…</source>
   <translation>Export…</translation>
  </message>
  <message>
   <source>F&amp;ilter the tree</source>
   <translation>Baum f&amp;iltern</translation>
  </message>
  <message>
   <source>F2</source>
   <translation>F2</translation>
  </message>
  <message>
   <source>F: fit all</source>
   <translation>F: alles einpassen</translation>
  </message>
  <message>
   <source>Factors that a guard kept within 1e-5 to 1e5</source>
   <translation>Faktoren, die eine Schranke zwischen 1e-5 und 1e5 hielt</translation>
  </message>
  <message>
   <source>Factors that are powers of two change exponents only, so that folding is exact also in %1.</source>
   <translation>Faktoren, die Zweierpotenzen sind, ändern nur Exponenten, so dass die Faltung auch in %1 exakt ist.</translation>
  </message>
  <message>
   <source>Fewest layers</source>
   <translation>Wenigste Schichten</translation>
  </message>
  <message>
   <source>Figures of the rotation</source>
   <translation>Zahlen zur Rotation</translation>
  </message>
  <message>
   <source>File</source>
   <translation>Datei</translation>
  </message>
  <message>
   <source>File or folder to write</source>
   <translation>Zu schreibende Datei oder Ordner</translation>
  </message>
  <message>
   <source>File to write</source>
   <translation>Zu schreibende Datei</translation>
  </message>
  <message>
   <source>Filter linears by name</source>
   <translation>Schichten nach Namen filtern</translation>
  </message>
  <message>
   <source>Filter rows</source>
   <translation>Zeilen filtern</translation>
  </message>
  <message>
   <source>Filter the plan table</source>
   <translation>Plantabelle filtern</translation>
  </message>
  <message>
   <source>Filter: text or /regex/</source>
   <translation>Filter: Text oder /Regex/</translation>
  </message>
  <message>
   <source>Find any action by a part of its name</source>
   <translation>Eine Aktion nach einem Teil ihres Namens finden</translation>
  </message>
  <message>
   <source>Find any action by a part of its name (Ctrl+Shift+P)</source>
   <translation>Eine Aktion nach einem Teil ihres Namens finden (Strg+Umschalt+P)</translation>
  </message>
  <message>
   <source>Find linears by name in the tree; in the plan table it filters its rows</source>
   <translation>Schichten im Baum nach Namen finden; in der Plantabelle werden deren Zeilen gefiltert</translation>
  </message>
  <message>
   <source>Find out what quantization does to each layer</source>
   <translation>Herausfinden, was Quantisierung mit jeder Schicht macht</translation>
  </message>
  <message>
   <source>Finding</source>
   <translation>Befund</translation>
  </message>
  <message>
   <source>Finding the most salient weights</source>
   <translation>Die salientesten Gewichte werden gesucht</translation>
  </message>
  <message>
   <source>Findings</source>
   <translation>Befunde</translation>
  </message>
  <message>
   <source>Finished blocks of the same text and settings are normally not run again</source>
   <translation>Fertige Blöcke desselben Textes und derselben Einstellungen werden normalerweise nicht wiederholt</translation>
  </message>
  <message>
   <source>Fit</source>
   <translation>Einpassen</translation>
  </message>
  <message>
   <source>Fit everything</source>
   <translation>Alles einpassen</translation>
  </message>
  <message>
   <source>Fit the curves</source>
   <translation>Die Kurven einpassen</translation>
  </message>
  <message>
   <source>Flat picture (2)</source>
   <translation>Flaches Bild (2)</translation>
  </message>
  <message>
   <source>Flavour</source>
   <translation>Variante</translation>
  </message>
  <message>
   <source>Flicker</source>
   <translation>Wechselbild</translation>
  </message>
  <message>
   <source>Float or dock %1</source>
   <translation>%1 ablösen oder andocken</translation>
  </message>
  <message>
   <source>Float or dock the tables</source>
   <translation>Die Tabellen ablösen oder andocken</translation>
  </message>
  <message>
   <source>Floats</source>
   <translation>Gleitkomma</translation>
  </message>
  <message>
   <source>Fold</source>
   <translation>Faltung</translation>
  </message>
  <message>
   <source>Folding is %1.</source>
   <translation>Faltung: %1.</translation>
  </message>
  <message>
   <source>Folding then rounds nothing in the file; the error changes a little</source>
   <translation>Die Faltung rundet dann nichts in der Datei; der Fehler ändert sich ein wenig</translation>
  </message>
  <message>
   <source>Follow %1 in all blocks</source>
   <translation>%1 in allen Blöcken</translation>
  </message>
  <message>
   <source>Follow in all blocks</source>
   <translation>In allen Blöcken</translation>
  </message>
  <message>
   <source>Following a channel</source>
   <translation>Ein Kanal wird verfolgt</translation>
  </message>
  <message>
   <source>Following the residual stream</source>
   <translation>Der Residualstrom wird verfolgt</translation>
  </message>
  <message>
   <source>Forget it (Del)</source>
   <translation>Vergessen (Entf)</translation>
  </message>
  <message>
   <source>Format</source>
   <translation>Format</translation>
  </message>
  <message>
   <source>Formula</source>
   <translation>Formel</translation>
  </message>
  <message>
   <source>Four reads of every matrix; runs as a job that can be cancelled</source>
   <translation>Vier Lesegänge über jede Matrix; läuft als Job, der abgebrochen werden kann</translation>
  </message>
  <message>
   <source>Fourth standardised moment of the weights; a Gaussian has 3</source>
   <translation>Viertes standardisiertes Moment der Gewichte; eine Normalverteilung hat 3</translation>
  </message>
  <message>
   <source>Fourth standardised moment of the weights; a Gaussian has 3.</source>
   <translation>Viertes standardisiertes Moment der Gewichte; eine Gaußverteilung hat 3.</translation>
  </message>
  <message>
   <source>Frobenius</source>
   <translation>Frobenius</translation>
  </message>
  <message>
   <source>From a sample of output channels; the exact figure follows</source>
   <translation>Aus einer Stichprobe von Ausgangskanälen; die exakte Zahl folgt</translation>
  </message>
  <message>
   <source>Full screen (F11)</source>
   <translation>Vollbild (F11)</translation>
  </message>
  <message>
   <source>Fused siblings %1 differ: runtimes refuse that</source>
   <translation>Verschmolzene Geschwister %1 unterscheiden sich: Laufzeiten weisen das zurück</translation>
  </message>
  <message>
   <source>Fused siblings too</source>
   <translation>Verschmolzene Geschwister auch</translation>
  </message>
  <message>
   <source>GPTQ</source>
   <translation>GPTQ</translation>
  </message>
  <message>
   <source>GPTQ figures</source>
   <translation>Zahlen zu GPTQ</translation>
  </message>
  <message>
   <source>GPTQ needs to know what goes into a linear.</source>
   <translation>GPTQ muss wissen, was in eine Schicht hineingeht.</translation>
  </message>
  <message>
   <source>GPTQ of %1</source>
   <translation>GPTQ von %1</translation>
  </message>
  <message>
   <source>GPTQ's error</source>
   <translation>Fehler von GPTQ</translation>
  </message>
  <message>
   <source>GPTQ's updates</source>
   <translation>Anpassungen von GPTQ</translation>
  </message>
  <message>
   <source>Gaussian row</source>
   <translation>Normalverteilte Zeile</translation>
  </message>
  <message>
   <source>Gaussian weights would have %1 dead codes.</source>
   <translation>Gaußsche Gewichte hätten %1 tote Codes.</translation>
  </message>
  <message>
   <source>Give at least one group size, such as 128.</source>
   <translation>Mindestens eine Gruppengröße angeben, etwa 128.</translation>
  </message>
  <message>
   <source>Go on</source>
   <translation>Fortsetzen</translation>
  </message>
  <message>
   <source>Go on with the job</source>
   <translation>Den Auftrag fortsetzen</translation>
  </message>
  <message>
   <source>Go to the linear before</source>
   <translation>Zur Schicht davor gehen</translation>
  </message>
  <message>
   <source>Go to the linear with a finding before</source>
   <translation>Zur vorigen Schicht mit einem Befund gehen</translation>
  </message>
  <message>
   <source>Go to the next linear in network order</source>
   <translation>Zur nächsten Schicht in Netzreihenfolge gehen</translation>
  </message>
  <message>
   <source>Go to the next linear with a finding</source>
   <translation>Zur nächsten Schicht mit einem Befund gehen</translation>
  </message>
  <message>
   <source>Granularity</source>
   <translation>Granularität</translation>
  </message>
  <message>
   <source>Group</source>
   <translation>Gruppe</translation>
  </message>
  <message>
   <source>Group %1</source>
   <translation>Gruppe %1</translation>
  </message>
  <message>
   <source>Group &amp;128</source>
   <translation>Gruppe &amp;128</translation>
  </message>
  <message>
   <source>Group &amp;32</source>
   <translation>Gruppe &amp;32</translation>
  </message>
  <message>
   <source>Group &amp;64</source>
   <translation>Gruppe &amp;64</translation>
  </message>
  <message>
   <source>Group boundaries</source>
   <translation>Gruppengrenzen</translation>
  </message>
  <message>
   <source>Group scales fixed before the first column.</source>
   <translation>Gruppenskalen vor der ersten Spalte festgelegt.</translation>
  </message>
  <message>
   <source>Group size</source>
   <translation>Gruppengröße</translation>
  </message>
  <message>
   <source>Grouping channels</source>
   <translation>Kanäle werden gruppiert</translation>
  </message>
  <message>
   <source>Grouping channels…</source>
   <translation>Kanäle werden gruppiert…</translation>
  </message>
  <message>
   <source>Groups</source>
   <translation>Gruppen</translation>
  </message>
  <message>
   <source>Groups along the input or the output, whichever changes the layer's output less; needs activations.</source>
   <translation>Gruppen entlang des Eingangs oder des Ausgangs, je nachdem, was den Ausgang der Schicht weniger ändert; braucht Aktivierungen.</translation>
  </message>
  <message>
   <source>Groups behind a linear: v feeds o, up feeds down</source>
   <translation>Gruppen hinter einer Schicht: v speist o, up speist down</translation>
  </message>
  <message>
   <source>Groups for the few linears over the target, all others as they are</source>
   <translation>Gruppen für die wenigen Schichten über dem Ziel, alle anderen, wie sie sind</translation>
  </message>
  <message>
   <source>Groups of channels</source>
   <translation>Gruppen von Kanälen</translation>
  </message>
  <message>
   <source>Groups of channels are made from the ranges of what goes into a linear.</source>
   <translation>Kanalgruppen werden aus den Bereichen dessen gemacht, was in eine Schicht hineingeht.</translation>
  </message>
  <message>
   <source>Groups of neighbouring channels, each with its own scale</source>
   <translation>Gruppen benachbarter Kanäle, jede mit ihrer eigenen Skala</translation>
  </message>
  <message>
   <source>Guides</source>
   <translation>Anleitungen</translation>
  </message>
  <message>
   <source>H exact, %1 tokens</source>
   <translation>H exakt, %1 Tokens</translation>
  </message>
  <message>
   <source>H is made of a sample of %1 tokens, not of all that were seen.</source>
   <translation>H ist aus einer Stichprobe von %1 Tokens gemacht, nicht aus allen gesehenen.</translation>
  </message>
  <message>
   <source>H is made of a sample of %1 tokens, so its rank is at most %1 of %2; the rest is damping.</source>
   <translation>H ist aus einer Stichprobe von %1 Tokens, sein Rang also höchstens %1 von %2; der Rest ist Dämpfung.</translation>
  </message>
  <message>
   <source>H of a sample of %1 tokens</source>
   <translation>H aus einer Stichprobe von %1 Tokens</translation>
  </message>
  <message>
   <source>HTML (*.html)</source>
   <translation>HTML (*.html)</translation>
  </message>
  <message>
   <source>Hadamard</source>
   <translation>Hadamard</translation>
  </message>
  <message>
   <source>Hand the plan to the tools that quantize and serve</source>
   <translation>Den Plan den Werkzeugen übergeben, die quantisieren und ausliefern</translation>
  </message>
  <message>
   <source>Heads</source>
   <translation>Köpfe</translation>
  </message>
  <message>
   <source>Heavy tails</source>
   <translation>Schwere Ränder</translation>
  </message>
  <message>
   <source>Height</source>
   <translation>Höhe</translation>
  </message>
  <message>
   <source>Hessian</source>
   <translation>Hesse-Matrix</translation>
  </message>
  <message>
   <source>Hessian diagonal</source>
   <translation>Hesse-Diagonale</translation>
  </message>
  <message>
   <source>Hessian salience of the current linear: map, columns, damping, conditioning</source>
   <translation>Hesse-Salienz der aktuellen Schicht: Karte, Spalten, Dämpfung, Kondition</translation>
  </message>
  <message>
   <source>Hessian salience of the weights, as set on the Salience page</source>
   <translation>Hesse-Salienz der Gewichte, wie auf der Seite Salienz eingestellt</translation>
  </message>
  <message>
   <source>Hessian salience: map, column ranking, damping, conditioning</source>
   <translation>Hesse-Salienz: Karte, Spaltenrang, Dämpfung, Kondition</translation>
  </message>
  <message>
   <source>How A and B are shown</source>
   <translation>Wie A und B gezeigt werden</translation>
  </message>
  <message>
   <source>How channels come into groups</source>
   <translation>Wie Kanäle in Gruppen kommen</translation>
  </message>
  <message>
   <source>How every metric ranks the linears, and how far the metrics agree</source>
   <translation>Wie jedes Maß die Schichten ordnet, und wie weit die Maße übereinstimmen</translation>
  </message>
  <message>
   <source>How far GPTQ moved the weights before it rounded them, relative to |W|</source>
   <translation>Wie weit GPTQ die Gewichte vor dem Runden verschob, relativ zu |W|</translation>
  </message>
  <message>
   <source>How far the range may shrink.</source>
   <translation>Wie weit der Bereich schrumpfen darf.</translation>
  </message>
  <message>
   <source>How far the readers' outputs move by folding alone, without quantization, all computed in float32: rounding errors, nothing else.</source>
   <translation>Wie weit sich die Ausgänge der Leser allein durch die Faltung bewegen, ohne Quantisierung, alles in float32 gerechnet: Rundungsfehler, sonst nichts.</translation>
  </message>
  <message>
   <source>How many groups share a range each; of an output projection's input, in every head</source>
   <translation>Wie viele Gruppen je einen Bereich teilen; beim Eingang einer Ausgangsprojektion in jedem Kopf</translation>
  </message>
  <message>
   <source>How many linears fit</source>
   <translation>Wie viele Schichten passen</translation>
  </message>
  <message>
   <source>How many of the most salient columns are among as many channels of largest |X|</source>
   <translation>Wie viele der salientesten Spalten unter ebenso vielen Kanälen mit größtem |X| sind</translation>
  </message>
  <message>
   <source>How many of the most salient columns are among as many columns of largest |W|</source>
   <translation>Wie viele der salientesten Spalten unter ebenso vielen Spalten mit größtem |W| sind</translation>
  </message>
  <message>
   <source>How many of the most salient columns are outlier channels of LLM.int8(): some |x| at or over the threshold</source>
   <translation>Wie viele der salientesten Spalten Ausreißerkanäle von LLM.int8() sind: ein |x| auf oder über der Schwelle</translation>
  </message>
  <message>
   <source>How many weights are far from the mean of their matrix decides what EasyQuant keeps apart (arXiv:2403.02775).</source>
   <translation>Wie viele Gewichte weit vom Mittel ihrer Matrix liegen, entscheidet, was EasyQuant abtrennt (arXiv:2403.02775).</translation>
  </message>
  <message>
   <source>How many weights share a scale, for the current linear, without smoothing</source>
   <translation>Wie viele Gewichte eine Skala teilen, für die aktuelle Schicht, ohne Glättung</translation>
  </message>
  <message>
   <source>How salient columns are found.</source>
   <translation>Wie saliente Spalten gefunden werden.</translation>
  </message>
  <message>
   <source>How the codes are found</source>
   <translation>Wie die Codes gefunden werden</translation>
  </message>
  <message>
   <source>How the errors of the plan grow from block to block</source>
   <translation>Wie die Fehler des Plans von Block zu Block wachsen</translation>
  </message>
  <message>
   <source>How the range of a scale is found: minimum to maximum, or a search</source>
   <translation>Wie der Bereich einer Skala gefunden wird: von Minimum bis Maximum, oder durch Suche</translation>
  </message>
  <message>
   <source>How the text is cut and what counts; figures of different protocols differ</source>
   <translation>Wie der Text zerschnitten wird und was zählt; Zahlen verschiedener Protokolle unterscheiden sich</translation>
  </message>
  <message>
   <source>How to find and repair what quantization breaks</source>
   <translation>Finden und beheben, was Quantisierung zerstört</translation>
  </message>
  <message>
   <source>Hugging Face cache</source>
   <translation>Hugging-Face-Cache</translation>
  </message>
  <message>
   <source>IEEE half precision: not quantized.</source>
   <translation>IEEE-Halbgenauigkeit: nicht quantisiert.</translation>
  </message>
  <message>
   <source>INT or FP per layer (MoFQ)</source>
   <translation>INT oder FP pro Schicht (MoFQ)</translation>
  </message>
  <message>
   <source>INT or FP: %1 changed</source>
   <translation>INT oder FP: %1 geändert</translation>
  </message>
  <message>
   <source>If %1</source>
   <translation>Bei %1</translation>
  </message>
  <message>
   <source>Import activations</source>
   <translation>Aktivierungen importieren</translation>
  </message>
  <message>
   <source>Import activations…</source>
   <translation>Aktivierungen importieren…</translation>
  </message>
  <message>
   <source>Imported activations from %1</source>
   <translation>Aktivierungen aus %1 importiert</translation>
  </message>
  <message>
   <source>Importing activations from %1</source>
   <translation>Aktivierungen werden aus %1 importiert</translation>
  </message>
  <message>
   <source>Import…</source>
   <translation>Importieren…</translation>
  </message>
  <message>
   <source>In 16 bits</source>
   <translation>In 16 Bit</translation>
  </message>
  <message>
   <source>In the views</source>
   <translation>In den Ansichten</translation>
  </message>
  <message>
   <source>In&amp;vert selection</source>
   <translation>Auswahl &amp;umkehren</translation>
  </message>
  <message>
   <source>Input</source>
   <translation>Eingang</translation>
  </message>
  <message>
   <source>Input ch.</source>
   <translation>Eingangsk.</translation>
  </message>
  <message>
   <source>Input channel %1: %2 %3, %4 %5</source>
   <translation>Eingangskanal %1: %2 %3, %4 %5</translation>
  </message>
  <message>
   <source>Input channel %1: score %2, rank %3, %4</source>
   <translation>Eingangskanal %1: Wertung %2, Rang %3, %4</translation>
  </message>
  <message>
   <source>Input channel peak</source>
   <translation>Spitze der Eingangskanäle</translation>
  </message>
  <message>
   <source>Input channels</source>
   <translation>Eingangskanäle</translation>
  </message>
  <message>
   <source>Input channels by largest |x|</source>
   <translation>Eingangskanäle nach größtem |x|</translation>
  </message>
  <message>
   <source>Input channels of W</source>
   <translation>Eingangskanäle von W</translation>
  </message>
  <message>
   <source>Input channels that share one scale, separated by commas; the largest that is enough is taken</source>
   <translation>Eingangskanäle, die eine Skala teilen, durch Kommas getrennt; die größte, die reicht, wird genommen</translation>
  </message>
  <message>
   <source>Input channels that were always zero: their salience is 0, and they are hatched in the map</source>
   <translation>Eingangskanäle, die immer null waren: ihre Salienz ist 0, und in der Karte sind sie schraffiert</translation>
  </message>
  <message>
   <source>Input channels that were always zero: their weights become 0 and cost nothing</source>
   <translation>Eingangskanäle, die immer null waren: ihre Gewichte werden 0 und kosten nichts</translation>
  </message>
  <message>
   <source>Input channels with large activations are scaled up before rounding, and groups are clipped, as far as the output gains by it; needs activations.</source>
   <translation>Eingangskanäle mit großen Aktivierungen werden vor dem Runden hochskaliert und Gruppen beschnitten, soweit der Ausgang dadurch gewinnt; braucht Aktivierungen.</translation>
  </message>
  <message>
   <source>Input channels: columns of W</source>
   <translation>Eingangskanäle: Spalten von W</translation>
  </message>
  <message>
   <source>Input of</source>
   <translation>Eingang von</translation>
  </message>
  <message>
   <source>Input of the linear on the sampled tokens: tokens × channels</source>
   <translation>Eingang der Schicht auf den Tokens der Stichprobe: Tokens × Kanäle</translation>
  </message>
  <message>
   <source>Input smoothed: %1</source>
   <translation>Eingang geglättet: %1</translation>
  </message>
  <message>
   <source>Inputs</source>
   <translation>Eingänge</translation>
  </message>
  <message>
   <source>Inputs whose blocks are compared</source>
   <translation>Eingänge, deren Blöcke verglichen werden</translation>
  </message>
  <message>
   <source>Inspector</source>
   <translation>Inspektor</translation>
  </message>
  <message>
   <source>Inspector (%1)</source>
   <translation>Inspektor (%1)</translation>
  </message>
  <message>
   <source>Instead</source>
   <translation>Stattdessen</translation>
  </message>
  <message>
   <source>Integer and floating-point formats, for the current linear, without smoothing</source>
   <translation>Ganzzahl- und Gleitkommaformate, für die aktuelle Schicht, ohne Glättung</translation>
  </message>
  <message>
   <source>Integer formats of 2 to 8 bits, for the current linear, without smoothing</source>
   <translation>Ganzzahlformate von 2 bis 8 Bits, für die aktuelle Schicht, ohne Glättung</translation>
  </message>
  <message>
   <source>Integers</source>
   <translation>Ganze Zahlen</translation>
  </message>
  <message>
   <source>Integers and floats of the same bits, granularity and scale rule are measured on every linear, and the one with the smaller error is taken.</source>
   <translation>Ganze Zahlen und Gleitkommazahlen mit gleichen Bits, gleicher Granularität und Skalenregel werden an jeder Schicht gemessen, und die mit dem kleineren Fehler wird genommen.</translation>
  </message>
  <message>
   <source>Integers of 2 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 2 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers of 3 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 3 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers of 4 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 4 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers of 5 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 5 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers of 6 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 6 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers of 7 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 7 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers of 8 bits on a uniform grid.</source>
   <translation>Ganze Zahlen von 8 Bits auf einem gleichmäßigen Gitter.</translation>
  </message>
  <message>
   <source>Integers or floats of the same bits, whichever has the smaller error</source>
   <translation>Ganze Zahlen oder Gleitkommazahlen gleicher Bits, was den kleineren Fehler hat</translation>
  </message>
  <message>
   <source>Integers or floats of the same bits, whichever has the smaller error in this layer.</source>
   <translation>Ganzzahlen oder Gleitkommazahlen mit denselben Bits, je nachdem, was in dieser Schicht den kleineren Fehler hat.</translation>
  </message>
  <message>
   <source>Intersect</source>
   <translation>Schneiden</translation>
  </message>
  <message>
   <source>Isolated</source>
   <translation>Isoliert</translation>
  </message>
  <message>
   <source>Isolated errors of layers say little about what the network makes of them: run the plan on text to see errors grow from block to block.</source>
   <translation>Isolierte Fehler von Schichten sagen wenig darüber, was das Netz aus ihnen macht: den Plan auf Text laufen lassen, um Fehler von Block zu Block wachsen zu sehen.</translation>
  </message>
  <message>
   <source>Its edits were kept. Restoring them is one step that can be undone.</source>
   <translation>Seine Änderungen wurden aufbewahrt. Sie wiederherzustellen ist ein Schritt, der sich rückgängig machen lässt.</translation>
  </message>
  <message>
   <source>Its output error is %1 without smoothing, under the target of %2.</source>
   <translation>Ihr Ausgangsfehler ist ohne Glättung %1, unter dem Ziel von %2.</translation>
  </message>
  <message>
   <source>Its output error is %1 without smoothing, under the target of %2; the best that smoothing gives is %3.</source>
   <translation>Ihr Ausgangsfehler ist ohne Glättung %1, unter dem Ziel von %2; das Beste, was Glättung gibt, ist %3.</translation>
  </message>
  <message>
   <source>Jaccard index</source>
   <translation>Jaccard-Index</translation>
  </message>
  <message>
   <source>Job</source>
   <translation>Auftrag</translation>
  </message>
  <message>
   <source>Jobs</source>
   <translation>Aufträge</translation>
  </message>
  <message>
   <source>Jobs (%1)</source>
   <translation>Aufträge (%1)</translation>
  </message>
  <message>
   <source>KL</source>
   <translation>KL</translation>
  </message>
  <message>
   <source>KL divergence</source>
   <translation>KL-Divergenz</translation>
  </message>
  <message>
   <source>KL divergence of the logits %1 nats a token; the most likely token is the same in %2 of %3 tokens.</source>
   <translation>KL-Divergenz der Logits %1 nats pro Token; das wahrscheinlichste Token ist in %2 von %3 Tokens dasselbe.</translation>
  </message>
  <message>
   <source>Keep 16 bit</source>
   <translation>16 Bit behalten</translation>
  </message>
  <message>
   <source>Keep second moments in the &amp;file</source>
   <translation>Zweite Momente in der &amp;Datei behalten</translation>
  </message>
  <message>
   <source>Keep the selected linears under a name, for this model and others of its architecture</source>
   <translation>Die ausgewählten Schichten unter einem Namen aufbewahren, für dieses Modell und andere seiner Architektur</translation>
  </message>
  <message>
   <source>Keep these curves as a faint reference while the choice changes (P); Shift+P removes them</source>
   <translation>Diese Kurven als blasse Vergleichslinie behalten, während sich die Wahl ändert (P); Umschalt+P entfernt sie</translation>
  </message>
  <message>
   <source>Keep what would be selected under a name, in Edit &gt; Saved selections</source>
   <translation>Unter einem Namen aufbewahren, was ausgewählt würde, in Bearbeiten &gt; Gespeicherte Auswahlen</translation>
  </message>
  <message>
   <source>Kendall's tau</source>
   <translation>Kendalls Tau</translation>
  </message>
  <message>
   <source>Kendall's tau between the metrics</source>
   <translation>Kendalls Tau zwischen den Maßen</translation>
  </message>
  <message>
   <source>Kept for this model and others of its architecture.</source>
   <translation>Aufbewahrt für dieses Modell und andere seiner Architektur.</translation>
  </message>
  <message>
   <source>Keyboard shortcuts</source>
   <translation>Tastenkürzel</translation>
  </message>
  <message>
   <source>Kurtosis</source>
   <translation>Kurtosis</translation>
  </message>
  <message>
   <source>Kurtosis of W</source>
   <translation>Kurtosis von W</translation>
  </message>
  <message>
   <source>Kurtosis of X</source>
   <translation>Kurtosis von X</translation>
  </message>
  <message>
   <source>LLM.int8()</source>
   <translation>LLM.int8()</translation>
  </message>
  <message>
   <source>LLM.int8(): channels that reach this value stay in 16 bit; 6 is usual</source>
   <translation>LLM.int8(): Kanäle, die diesen Wert erreichen, bleiben in 16 Bit; üblich ist 6</translation>
  </message>
  <message>
   <source>Largest</source>
   <translation>Größter</translation>
  </message>
  <message>
   <source>Largest absolute activation at the input, in activation units.</source>
   <translation>Größte Aktivierung am Eingang dem Betrag nach, in Einheiten der Aktivierungen.</translation>
  </message>
  <message>
   <source>Largest absolute weight, in weight units; does not depend on the choice.</source>
   <translation>Größtes Gewicht dem Betrag nach, in Einheiten der Gewichte; hängt nicht von der Wahl ab.</translation>
  </message>
  <message>
   <source>Largest error of a weight</source>
   <translation>Größter Fehler eines Gewichts</translation>
  </message>
  <message>
   <source>Largest minus smallest rank: where the metrics disagree most.</source>
   <translation>Größter minus kleinster Rang: wo sich die Maße am meisten widersprechen.</translation>
  </message>
  <message>
   <source>Largest norm-weighted error under int8 per channel, exact, all weights</source>
   <translation>Größter normgewichteter Fehler unter int8 pro Kanal, exakt, alle Gewichte</translation>
  </message>
  <message>
   <source>Largest over median absmax of the channels of X.</source>
   <translation>Größter über medianem Betrag der Kanäle von X.</translation>
  </message>
  <message>
   <source>Largest over median absmax of the input channels.</source>
   <translation>Größter über medianem Betrag der Eingangskanäle.</translation>
  </message>
  <message>
   <source>Largest over median of the channels' largest |X|, on the sampled tokens</source>
   <translation>Größter über Median der größten |X| der Kanäle, auf den Stichproben-Tokens</translation>
  </message>
  <message>
   <source>Largest over median of the input channels' largest |W|</source>
   <translation>Größter über Median der größten |W| der Eingangskanäle</translation>
  </message>
  <message>
   <source>Largest over median of the output channels' largest |W|</source>
   <translation>Größter über Median der größten |W| der Ausgangskanäle</translation>
  </message>
  <message>
   <source>Largest over median |W|</source>
   <translation>Größtes über medianem |W|</translation>
  </message>
  <message>
   <source>Largest over smallest eigenvalue of H with its damping, by Lanczos steps at both ends</source>
   <translation>Größter über kleinstem Eigenwert von H mit seiner Dämpfung, durch Lanczos-Schritte an beiden Enden</translation>
  </message>
  <message>
   <source>Largest over smallest eigenvalue of the second moment of the input.</source>
   <translation>Größter über kleinstem Eigenwert des zweiten Moments des Eingangs.</translation>
  </message>
  <message>
   <source>Largest under %1: %2 at %3.</source>
   <translation>Größter unter %1: %2 bei %3.</translation>
  </message>
  <message>
   <source>Largest |W| by input channel</source>
   <translation>Größtes |W| nach Eingangskanal</translation>
  </message>
  <message>
   <source>Largest |W| by output channel</source>
   <translation>Größtes |W| nach Ausgangskanal</translation>
  </message>
  <message>
   <source>Largest |X| by input channel</source>
   <translation>Größtes |X| nach Eingangskanal</translation>
  </message>
  <message>
   <source>Largest |w|</source>
   <translation>Größtes |w|</translation>
  </message>
  <message>
   <source>Largest |w| of the channel, in weight units</source>
   <translation>Größtes |w| des Kanals, in Einheiten der Gewichte</translation>
  </message>
  <message>
   <source>Largest |w| over the median of all channels</source>
   <translation>Größtes |w| über dem Median aller Kanäle</translation>
  </message>
  <message>
   <source>Largest |x|</source>
   <translation>Größtes |x|</translation>
  </message>
  <message>
   <source>Largest |x| by input channel: %1 of %2 channels reach the threshold %3.</source>
   <translation>Größtes |x| nach Eingangskanal: %1 von %2 Kanälen erreichen die Schwelle %3.</translation>
  </message>
  <message>
   <source>Largest |x| that arrives in the channel, over all tokens</source>
   <translation>Größtes |x|, das im Kanal ankommt, über alle Tokens</translation>
  </message>
  <message>
   <source>Layer</source>
   <translation>Schicht</translation>
  </message>
  <message>
   <source>Layers by their number in network order</source>
   <translation>Schichten nach ihrer Nummer in Netzreihenfolge</translation>
  </message>
  <message>
   <source>Layers by their share of the model's depth, for models of different depth</source>
   <translation>Schichten nach ihrem Anteil an der Tiefe des Modells, für Modelle verschiedener Tiefe</translation>
  </message>
  <message>
   <source>Leave it as it is</source>
   <translation>Lassen, wie es ist</translation>
  </message>
  <message>
   <source>Leave the weights of the selection as stored</source>
   <translation>Die Gewichte der Auswahl lassen, wie sie gespeichert sind</translation>
  </message>
  <message>
   <source>Light</source>
   <translation>Hell</translation>
  </message>
  <message>
   <source>Light colours</source>
   <translation>Helle Farben</translation>
  </message>
  <message>
   <source>Light colours, for paper</source>
   <translation>Helle Farben, für Papier</translation>
  </message>
  <message>
   <source>Light or dark as the desktop is</source>
   <translation>Hell oder dunkel, wie der Desktop</translation>
  </message>
  <message>
   <source>Lin</source>
   <translation>Lin</translation>
  </message>
  <message>
   <source>Linear</source>
   <translation>Linear</translation>
  </message>
  <message>
   <source>Linear colours (L)</source>
   <translation>Lineare Farben (L)</translation>
  </message>
  <message>
   <source>Linear values</source>
   <translation>Lineare Werte</translation>
  </message>
  <message>
   <source>Linear, logarithmic or quantile colours</source>
   <translation>Lineare, logarithmische oder Quantilfarben</translation>
  </message>
  <message>
   <source>Linears</source>
   <translation>Schichten</translation>
  </message>
  <message>
   <source>Linears %1 %2 &lt;b&gt;%3&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;&amp;nbsp;Average &lt;b&gt;%4&lt;/b&gt; bits/weight</source>
   <translation>Schichten %1 %2 &lt;b&gt;%3&lt;/b&gt;&amp;nbsp;&amp;nbsp;&amp;nbsp;&amp;nbsp;Mittel &lt;b&gt;%4&lt;/b&gt; Bits/Gewicht</translation>
  </message>
  <message>
   <source>Linears of block %1</source>
   <translation>Schichten von Block %1</translation>
  </message>
  <message>
   <source>Linears of the block</source>
   <translation>Schichten des Blocks</translation>
  </message>
  <message>
   <source>Linears of the role %1; none pressed means all roles</source>
   <translation>Schichten der Rolle %1; keine gedrückt heißt alle Rollen</translation>
  </message>
  <message>
   <source>Linears that read one producer and share its factors</source>
   <translation>Schichten, die einen Erzeuger lesen und seine Faktoren teilen</translation>
  </message>
  <message>
   <source>Linears that the plan gives this choice</source>
   <translation>Schichten, denen der Plan diese Wahl gibt</translation>
  </message>
  <message>
   <source>Linears whose norm-weighted error is above the target under int8 per channel, measured</source>
   <translation>Schichten, deren normgewichteter Fehler unter int8 pro Kanal über dem Ziel liegt, gemessen</translation>
  </message>
  <message>
   <source>Linears with this diagnosis under the plan's choice</source>
   <translation>Schichten mit diesem Befund unter der Wahl des Plans</translation>
  </message>
  <message>
   <source>Loading %1</source>
   <translation>%1 wird geladen</translation>
  </message>
  <message>
   <source>Lock</source>
   <translation>Sperren</translation>
  </message>
  <message>
   <source>Locked</source>
   <translation>Gesperrt</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>Log</translation>
  </message>
  <message>
   <source>Logarithmic colours</source>
   <translation>Logarithmische Farben</translation>
  </message>
  <message>
   <source>Logarithmic colours (L)</source>
   <translation>Logarithmische Farben (L)</translation>
  </message>
  <message>
   <source>Logarithmic errors</source>
   <translation>Logarithmische Fehler</translation>
  </message>
  <message>
   <source>Logarithmic shares</source>
   <translation>Logarithmische Anteile</translation>
  </message>
  <message>
   <source>Logarithmic values</source>
   <translation>Logarithmische Werte</translation>
  </message>
  <message>
   <source>Look at every tensor, not only the linears</source>
   <translation>Jeden Tensor ansehen, nicht nur die Schichten</translation>
  </message>
  <message>
   <source>Looking at the activations</source>
   <translation>Aktivierungen werden angesehen</translation>
  </message>
  <message>
   <source>Looking at the model…</source>
   <translation>Das Modell wird angesehen…</translation>
  </message>
  <message>
   <source>Looking at tokenizer and model</source>
   <translation>Tokenizer und Modell werden angesehen</translation>
  </message>
  <message>
   <source>Looking for models</source>
   <translation>Modelle werden gesucht</translation>
  </message>
  <message>
   <source>Looking for the fewest layers</source>
   <translation>Die wenigsten Schichten werden gesucht</translation>
  </message>
  <message>
   <source>Loss</source>
   <translation>Verlust</translation>
  </message>
  <message>
   <source>Loss by column</source>
   <translation>Verlust nach Spalte</translation>
  </message>
  <message>
   <source>M, G</source>
   <translation>M, G</translation>
  </message>
  <message>
   <source>MLP</source>
   <translation>MLP</translation>
  </message>
  <message>
   <source>MLP down</source>
   <translation>MLP down</translation>
  </message>
  <message>
   <source>Magnitude of the weights</source>
   <translation>Betrag der Gewichte</translation>
  </message>
  <message>
   <source>Make it the selection (Enter)</source>
   <translation>Zur Auswahl machen (Eingabe)</translation>
  </message>
  <message>
   <source>Make the choice of the current linear %1 (key %1)</source>
   <translation>Der aktuellen Schicht die Wahl %1 geben (Taste %1)</translation>
  </message>
  <message>
   <source>Make this the what-if of the linear: everything is measured with it, the plan stays</source>
   <translation>Dies zum Was-wäre-wenn der Schicht machen: alles wird damit gemessen, der Plan bleibt</translation>
  </message>
  <message>
   <source>Map of %1: root mean squares of tiles, up to %2</source>
   <translation>Karte von %1: quadratische Mittel von Kacheln, bis %2</translation>
  </message>
  <message>
   <source>Mask</source>
   <translation>Maske</translation>
  </message>
  <message>
   <source>Matched against the whole name with a free prefix, as --layers on the command line</source>
   <translation>Wird mit dem ganzen Namen verglichen, der Anfang ist frei, wie --layers auf der Befehlszeile</translation>
  </message>
  <message>
   <source>Matrices, norms and inputs where the channel is %1 times the median or more</source>
   <translation>Matrizen, Normen und Eingänge, in denen der Kanal das %1-Fache des Medians oder mehr hat</translation>
  </message>
  <message>
   <source>Matrix</source>
   <translation>Matrix</translation>
  </message>
  <message>
   <source>Matrix as a surface</source>
   <translation>Matrix als Fläche</translation>
  </message>
  <message>
   <source>Matrix · %1</source>
   <translation>Matrix · %1</translation>
  </message>
  <message>
   <source>Max</source>
   <translation>Max.</translation>
  </message>
  <message>
   <source>Mean KL divergence of the logits from the model as it is, in nats</source>
   <translation>Mittlere KL-Divergenz der Logits vom Modell, wie es ist, in nats</translation>
  </message>
  <message>
   <source>Mean over channels of the fourth standardised moment of X; a Gaussian has 3.</source>
   <translation>Mittel über die Kanäle des vierten standardisierten Moments von X; eine Gaußverteilung hat 3.</translation>
  </message>
  <message>
   <source>Mean over predictions, of the logits from the model as it is, in nats</source>
   <translation>Mittel über die Vorhersagen, der Logits vom Modell, wie es ist, in nats</translation>
  </message>
  <message>
   <source>Mean over the channels of the input</source>
   <translation>Mittel über die Kanäle des Eingangs</translation>
  </message>
  <message>
   <source>Mean −ln p a prediction of the model as it is</source>
   <translation>Mittleres −ln p einer Vorhersage des Modells, wie es ist</translation>
  </message>
  <message>
   <source>Mean −ln p a prediction under the plan</source>
   <translation>Mittleres −ln p einer Vorhersage unter dem Plan</translation>
  </message>
  <message>
   <source>Measure</source>
   <translation>Messen</translation>
  </message>
  <message>
   <source>Measure error over alpha of every group that can be folded</source>
   <translation>Den Fehler über alpha jeder Gruppe messen, die sich falten lässt</translation>
  </message>
  <message>
   <source>Measure errors</source>
   <translation>Fehler messen</translation>
  </message>
  <message>
   <source>Measure the plan…</source>
   <translation>Den Plan messen…</translation>
  </message>
  <message>
   <source>Measure there, then open the one statistics file here. Everything that does not need the raw weights works.</source>
   <translation>Dort messen, dann die eine Statistikdatei hier öffnen. Alles, was nicht die Gewichte selbst braucht, geht.</translation>
  </message>
  <message>
   <source>Measure what is missing; finished layers are kept</source>
   <translation>Messen, was fehlt; fertige Schichten bleiben</translation>
  </message>
  <message>
   <source>Measures what is missing; runs as a job, the window can be used meanwhile</source>
   <translation>Misst, was fehlt; läuft als Auftrag, das Fenster bleibt benutzbar</translation>
  </message>
  <message>
   <source>Measuring %1</source>
   <translation>%1 wird gemessen</translation>
  </message>
  <message>
   <source>Measuring %1 on %2 linears</source>
   <translation>%1 wird an %2 Schichten gemessen</translation>
  </message>
  <message>
   <source>Measuring %1 on 1 linear</source>
   <translation>%1 wird an 1 Schicht gemessen</translation>
  </message>
  <message>
   <source>Measuring %1 smoothed groups</source>
   <translation>%1 geglättete Gruppen werden gemessen</translation>
  </message>
  <message>
   <source>Measuring %1 to compare</source>
   <translation>%1 wird zum Vergleich gemessen</translation>
  </message>
  <message>
   <source>Measuring 1 smoothed group</source>
   <translation>1 geglättete Gruppe wird gemessen</translation>
  </message>
  <message>
   <source>Measuring a demo model</source>
   <translation>Ein Demo-Modell wird gemessen</translation>
  </message>
  <message>
   <source>Measuring outputs of %1 linears</source>
   <translation>Ausgänge von %1 Schichten werden gemessen</translation>
  </message>
  <message>
   <source>Measuring outputs of 1 linear</source>
   <translation>Ausgänge von 1 Schicht werden gemessen</translation>
  </message>
  <message>
   <source>Measuring this group</source>
   <translation>Diese Gruppe wird gemessen</translation>
  </message>
  <message>
   <source>Measuring what is missing…</source>
   <translation>Was fehlt, wird gemessen…</translation>
  </message>
  <message>
   <source>Measuring…</source>
   <translation>Wird gemessen…</translation>
  </message>
  <message>
   <source>Median</source>
   <translation>Median</translation>
  </message>
  <message>
   <source>Median |x| on the token sample</source>
   <translation>Medianes |x| auf der Token-Stichprobe</translation>
  </message>
  <message>
   <source>Messages</source>
   <translation>Meldungen</translation>
  </message>
  <message>
   <source>Method</source>
   <translation>Methode</translation>
  </message>
  <message>
   <source>Methods</source>
   <translation>Methoden</translation>
  </message>
  <message>
   <source>Metric</source>
   <translation>Maß</translation>
  </message>
  <message>
   <source>Metrics</source>
   <translation>Maße</translation>
  </message>
  <message>
   <source>Migration strength of the smoothing, all readers of the group together</source>
   <translation>Migrationsstärke der Glättung, alle Leser der Gruppe zusammen</translation>
  </message>
  <message>
   <source>Migration strength: 0 flattens the weights, 1 flattens the inputs.
Arrows step by 0.05, with Shift by 0.01; Enter takes the optimum.</source>
   <translation>Migrationsstärke: 0 ebnet die Gewichte, 1 die Eingänge.
Pfeile gehen in Schritten von 0.05, mit Umschalt von 0.01; Eingabe nimmt das Optimum.</translation>
  </message>
  <message>
   <source>Millimetres, or pixels of the screen (96 an inch)</source>
   <translation>Millimeter, oder Bildpunkte des Bildschirms (96 pro Zoll)</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>Modell</translation>
  </message>
  <message>
   <source>Model folder…</source>
   <translation>Modellordner…</translation>
  </message>
  <message>
   <source>Model tree</source>
   <translation>Modellbaum</translation>
  </message>
  <message>
   <source>Models</source>
   <translation>Modelle</translation>
  </message>
  <message>
   <source>Models and statistics (*.safetensors *.json *.h5 *.hdf5);;All files (*)</source>
   <translation>Modelle und Statistik (*.safetensors *.json *.h5 *.hdf5);;Alle Dateien (*)</translation>
  </message>
  <message>
   <source>Module</source>
   <translation>Modul</translation>
  </message>
  <message>
   <source>Move the keyboard to the next panel</source>
   <translation>Die Tastatur in den nächsten Bereich bringen</translation>
  </message>
  <message>
   <source>Move the keyboard to the panel before</source>
   <translation>Die Tastatur in den vorigen Bereich bringen</translation>
  </message>
  <message>
   <source>NaN or Inf</source>
   <translation>NaN oder Inf</translation>
  </message>
  <message>
   <source>NaN or infinite weights</source>
   <translation>NaN oder unendliche Gewichte</translation>
  </message>
  <message>
   <source>Nearest</source>
   <translation>Nächste</translation>
  </message>
  <message>
   <source>Needs a mixture of experts and a calibration</source>
   <translation>Braucht eine Expertenmischung und eine Kalibrierung</translation>
  </message>
  <message>
   <source>Neighbours together: nothing changes places</source>
   <translation>Nachbarn zusammen: nichts wechselt den Platz</translation>
  </message>
  <message>
   <source>Next &amp;linear</source>
   <translation>Nächste &amp;Schicht</translation>
  </message>
  <message>
   <source>Next &amp;panel</source>
   <translation>Nächster B&amp;ereich</translation>
  </message>
  <message>
   <source>Next &amp;scale</source>
   <translation>Nächste &amp;Skala</translation>
  </message>
  <message>
   <source>No action of that name</source>
   <translation>Keine Aktion dieses Namens</translation>
  </message>
  <message>
   <source>No browser could be started; open %1 yourself.</source>
   <translation>Es ließ sich kein Browser starten; %1 selbst öffnen.</translation>
  </message>
  <message>
   <source>No channel is followed.</source>
   <translation>Es wird kein Kanal verfolgt.</translation>
  </message>
  <message>
   <source>No expert has been seen yet.</source>
   <translation>Noch wurde kein Experte gesehen.</translation>
  </message>
  <message>
   <source>No findings so far; the measurement is still running.</source>
   <translation>Bisher keine Befunde; die Messung läuft noch.</translation>
  </message>
  <message>
   <source>No linear has a finding.</source>
   <translation>Keine Schicht hat einen Befund.</translation>
  </message>
  <message>
   <source>No linear is compared.</source>
   <translation>Es wird keine Schicht verglichen.</translation>
  </message>
  <message>
   <source>No linear of this model can be smoothed.</source>
   <translation>Keine Schicht dieses Modells lässt sich glätten.</translation>
  </message>
  <message>
   <source>No matrices of this model are known to share a residual stream.</source>
   <translation>Von keinen Matrizen dieses Modells ist bekannt, dass sie einen Residualstrom teilen.</translation>
  </message>
  <message>
   <source>No matrix is shown.</source>
   <translation>Es wird keine Matrix gezeigt.</translation>
  </message>
  <message>
   <source>No metric tells A and B apart yet.</source>
   <translation>Noch unterscheidet kein Maß A und B.</translation>
  </message>
  <message>
   <source>No model is compared.</source>
   <translation>Es wird kein Modell verglichen.</translation>
  </message>
  <message>
   <source>No model is open.</source>
   <translation>Es ist kein Modell offen.</translation>
  </message>
  <message>
   <source>No smoothing group is chosen.</source>
   <translation>Es ist keine Glättungsgruppe gewählt.</translation>
  </message>
  <message>
   <source>No smoothing is tried, so nothing is folded.</source>
   <translation>Es wird keine Glättung ausprobiert, also nichts gefaltet.</translation>
  </message>
  <message>
   <source>No surface is shown.</source>
   <translation>Es wird keine Fläche gezeigt.</translation>
  </message>
  <message>
   <source>No tokens to show: %1.</source>
   <translation>Keine Tokens zu zeigen: %1.</translation>
  </message>
  <message>
   <source>Non-zero weights that round to zero.</source>
   <translation>Gewichte ungleich null, die zu null gerundet werden.</translation>
  </message>
  <message>
   <source>None</source>
   <translation>Keine</translation>
  </message>
  <message>
   <source>Norm weight |g|</source>
   <translation>Normgewicht |g|</translation>
  </message>
  <message>
   <source>Norm-weighted</source>
   <translation>Normgewichtet</translation>
  </message>
  <message>
   <source>Norm-weighted error</source>
   <translation>Normgewichteter Fehler</translation>
  </message>
  <message>
   <source>Norm-weighted: columns weigh g² of the norm before it.</source>
   <translation>Normgewichtet: Spalten wiegen g² der Norm davor.</translation>
  </message>
  <message>
   <source>Not a regular expression: %1</source>
   <translation>Kein regulärer Ausdruck: %1</translation>
  </message>
  <message>
   <source>Not as asked, %1 times: %2.</source>
   <translation>Nicht wie verlangt, %1-mal: %2.</translation>
  </message>
  <message>
   <source>Not as asked: %1.</source>
   <translation>Nicht wie verlangt: %1.</translation>
  </message>
  <message>
   <source>Not enough memory for this. Close other models or programs and try again.</source>
   <translation>Dafür reicht der Speicher nicht. Andere Modelle oder Programme schließen und noch einmal versuchen.</translation>
  </message>
  <message>
   <source>Not expressible, and warnings of loaders</source>
   <translation>Nicht ausdrückbar, und Warnungen der Lader</translation>
  </message>
  <message>
   <source>Not measured yet.</source>
   <translation>Noch nicht gemessen.</translation>
  </message>
  <message>
   <source>Not now: %1.</source>
   <translation>Jetzt nicht: %1.</translation>
  </message>
  <message>
   <source>Not possible: %1</source>
   <translation>Nicht möglich: %1</translation>
  </message>
  <message>
   <source>Note: %1</source>
   <translation>Hinweis: %1</translation>
  </message>
  <message>
   <source>Nothing changed: the plan smooths this group like this already.</source>
   <translation>Nichts geändert: der Plan glättet diese Gruppe schon so.</translation>
  </message>
  <message>
   <source>Nothing changed: these linears have this choice already, or are locked.</source>
   <translation>Nichts geändert: diese Schichten haben die Wahl schon oder sind gesperrt.</translation>
  </message>
  <message>
   <source>Nothing in front of this linear could be divided</source>
   <translation>Vor dieser Schicht ließe sich nichts teilen</translation>
  </message>
  <message>
   <source>Nothing is counted yet.</source>
   <translation>Noch ist nichts gezählt.</translation>
  </message>
  <message>
   <source>Nothing is measured</source>
   <translation>Nichts ist gemessen</translation>
  </message>
  <message>
   <source>Nothing is measured under this choice yet.</source>
   <translation>Unter dieser Wahl ist noch nichts gemessen.</translation>
  </message>
  <message>
   <source>Nothing is measured yet.</source>
   <translation>Noch ist nichts gemessen.</translation>
  </message>
  <message>
   <source>Nothing is ranked yet.</source>
   <translation>Noch ist nichts geordnet.</translation>
  </message>
  <message>
   <source>Nothing is selected; select the linears to keep first.</source>
   <translation>Nichts ist ausgewählt; erst die Schichten auswählen, die aufbewahrt werden sollen.</translation>
  </message>
  <message>
   <source>Nothing opened yet. The first demo model is a good start.</source>
   <translation>Noch nichts geöffnet. Das erste Demo-Modell ist ein guter Anfang.</translation>
  </message>
  <message>
   <source>Nothing yet</source>
   <translation>Noch nichts</translation>
  </message>
  <message>
   <source>Nothing yet: jobs, messages and exports are noted here.</source>
   <translation>Noch nichts: Aufträge, Meldungen und Exporte werden hier vermerkt.</translation>
  </message>
  <message>
   <source>Now</source>
   <translation>Jetzt</translation>
  </message>
  <message>
   <source>Number format</source>
   <translation>Zahlenformat</translation>
  </message>
  <message>
   <source>Number format of the input activations: stored in the plan and exported; not measured without activation data</source>
   <translation>Zahlenformat der Eingangsaktivierungen: wird im Plan gespeichert und exportiert; ohne Aktivierungsdaten nicht gemessen</translation>
  </message>
  <message>
   <source>Number format of the weights</source>
   <translation>Zahlenformat der Gewichte</translation>
  </message>
  <message>
   <source>Number of groups</source>
   <translation>Anzahl der Gruppen</translation>
  </message>
  <message>
   <source>Number of the channel, from 0</source>
   <translation>Nummer des Kanals, ab 0</translation>
  </message>
  <message>
   <source>Number of the window of text, from 0</source>
   <translation>Nummer des Textfensters, ab 0</translation>
  </message>
  <message>
   <source>OBS</source>
   <translation>OBS</translation>
  </message>
  <message>
   <source>OCP microscaling: fp4 in groups of 32 with a power-of-two scale.</source>
   <translation>OCP-Microscaling: fp4 in Gruppen von 32 mit einer Zweierpotenz als Skala.</translation>
  </message>
  <message>
   <source>OCP microscaling: fp6 in groups of 32 with a power-of-two scale.</source>
   <translation>OCP-Microscaling: fp6 in Gruppen von 32 mit einer Zweierpotenz als Skala.</translation>
  </message>
  <message>
   <source>OCP microscaling: fp6_e3m2 in groups of 32, power-of-two scale.</source>
   <translation>OCP-Microscaling: fp6_e3m2 in Gruppen von 32, Skala eine Zweierpotenz.</translation>
  </message>
  <message>
   <source>OCP microscaling: fp8 in groups of 32 with a power-of-two scale.</source>
   <translation>OCP-Microscaling: fp8 in Gruppen von 32 mit einer Zweierpotenz als Skala.</translation>
  </message>
  <message>
   <source>OCP microscaling: fp8_e5m2 in groups of 32, power-of-two scale.</source>
   <translation>OCP-Microscaling: fp8_e5m2 in Gruppen von 32, Skala eine Zweierpotenz.</translation>
  </message>
  <message>
   <source>OCP microscaling: int8 in groups of 32 with a power-of-two scale.</source>
   <translation>OCP-Microscaling: int8 in Gruppen von 32 mit einer Zweierpotenz als Skala.</translation>
  </message>
  <message>
   <source>Of the perplexity under the plan, from the spread of −ln p</source>
   <translation>Der Perplexität unter dem Plan, aus der Streuung von −ln p</translation>
  </message>
  <message>
   <source>Of the signs and matrices</source>
   <translation>Der Vorzeichen und Matrizen</translation>
  </message>
  <message>
   <source>Of the whole group: %1</source>
   <translation>Der ganzen Gruppe: %1</translation>
  </message>
  <message>
   <source>Offline: no network is used</source>
   <translation>Offline: es wird kein Netz benutzt</translation>
  </message>
  <message>
   <source>On a machine that can run the model, %1 captures the same statistics into an .h5 file that Import activations reads.</source>
   <translation>Auf einer Maschine, die das Modell ausführen kann, schneidet %1 dieselbe Statistik in eine .h5-Datei mit, die „Aktivierungen importieren“ liest.</translation>
  </message>
  <message>
   <source>Once it is written</source>
   <translation>Wenn er geschrieben ist</translation>
  </message>
  <message>
   <source>One HTML file with the overview, the worst layers, diagnoses, curves and the plan. It needs no network, and opens in any browser. Its text is English.</source>
   <translation>Eine HTML-Datei mit der Übersicht, den schlechtesten Schichten, Befunden, Kurven und dem Plan. Sie braucht kein Netz und öffnet sich in jedem Browser. Ihr Text ist englisch.</translation>
  </message>
  <message>
   <source>One channel of the residual stream through all blocks</source>
   <translation>Ein Kanal des Residualstroms durch alle Blöcke</translation>
  </message>
  <message>
   <source>One column, 89 mm</source>
   <translation>Eine Spalte, 89 mm</translation>
  </message>
  <message>
   <source>One linear under A and B</source>
   <translation>Eine Schicht unter A und B</translation>
  </message>
  <message>
   <source>One scale a row, on the selection</source>
   <translation>Eine Skala pro Zeile, auf der Auswahl</translation>
  </message>
  <message>
   <source>One scale for 128 input channels, on the selection</source>
   <translation>Eine Skala für 128 Eingangskanäle, auf der Auswahl</translation>
  </message>
  <message>
   <source>One scale for 16 input channels, on the selection</source>
   <translation>Eine Skala für 16 Eingangskanäle, auf der Auswahl</translation>
  </message>
  <message>
   <source>One scale for 32 input channels, on the selection</source>
   <translation>Eine Skala für 32 Eingangskanäle, auf der Auswahl</translation>
  </message>
  <message>
   <source>One scale for 64 input channels, on the selection</source>
   <translation>Eine Skala für 64 Eingangskanäle, auf der Auswahl</translation>
  </message>
  <message>
   <source>One verdict for what a runtime stores as one (q, k, v; gate, up)</source>
   <translation>Ein Urteil für das, was eine Laufzeit als eins speichert (q, k, v; gate, up)</translation>
  </message>
  <message>
   <source>One weight of a row at a time, the one that costs least first; each error is passed on to all that are left. Exact and slow: for layers of up to 512 inputs.</source>
   <translation>Ein Gewicht einer Zeile nach dem anderen, das billigste zuerst; jeder Fehler wird an alle übrigen weitergegeben. Genau und langsam: für Schichten mit bis zu 512 Eingängen.</translation>
  </message>
  <message>
   <source>Only a statistics file is open.</source>
   <translation>Nur eine Statistikdatei ist offen.</translation>
  </message>
  <message>
   <source>Only a statistics file is open; open the model itself to rotate its weights.</source>
   <translation>Nur eine Statistikdatei ist offen; das Modell selbst öffnen, um seine Gewichte zu rotieren.</translation>
  </message>
  <message>
   <source>Only statistics are open: open the model itself to see what smoothing does.</source>
   <translation>Nur Statistik ist offen: das Modell selbst öffnen, um zu sehen, was Glättung bewirkt.</translation>
  </message>
  <message>
   <source>Only the mean of x² is known, so H is its diagonal: salience is w² times the mean of x² (Optimal Brain Damage).</source>
   <translation>Nur das Mittel von x² ist bekannt, H ist also seine Diagonale: Salienz ist w² mal das Mittel von x² (Optimal Brain Damage).</translation>
  </message>
  <message>
   <source>Only the selected linears and their fused siblings</source>
   <translation>Nur die ausgewählten Schichten und ihre verschmolzenen Geschwister</translation>
  </message>
  <message>
   <source>Only those of the selection that fit stay</source>
   <translation>Nur die der Auswahl, die passen, bleiben</translation>
  </message>
  <message>
   <source>Open</source>
   <translation>Öffnen</translation>
  </message>
  <message>
   <source>Open %1</source>
   <translation>%1 öffnen</translation>
  </message>
  <message>
   <source>Open &amp;file…</source>
   <translation>&amp;Datei öffnen…</translation>
  </message>
  <message>
   <source>Open a folder with config.json and safetensors</source>
   <translation>Einen Ordner mit config.json und safetensors öffnen</translation>
  </message>
  <message>
   <source>Open a model, or add one, to see its error layer by layer.</source>
   <translation>Ein Modell öffnen oder hinzufügen, um seinen Fehler Schicht für Schicht zu sehen.</translation>
  </message>
  <message>
   <source>Open curve</source>
   <translation>Kurve öffnen</translation>
  </message>
  <message>
   <source>Open file: weights, statistics or plan…</source>
   <translation>Datei öffnen: Gewichte, Statistik oder Plan…</translation>
  </message>
  <message>
   <source>Open model folder</source>
   <translation>Modellordner öffnen</translation>
  </message>
  <message>
   <source>Open model folder…</source>
   <translation>Modellordner öffnen…</translation>
  </message>
  <message>
   <source>Open on the Smoothing page</source>
   <translation>Auf der Seite Glättung öffnen</translation>
  </message>
  <message>
   <source>Open s&amp;moothing</source>
   <translation>&amp;Glättung öffnen</translation>
  </message>
  <message>
   <source>Open weights, a statistics file or a plan</source>
   <translation>Gewichte, eine Statistikdatei oder einen Plan öffnen</translation>
  </message>
  <message>
   <source>Open weights, statistics or a plan</source>
   <translation>Gewichte, Statistik oder einen Plan öffnen</translation>
  </message>
  <message>
   <source>OpenGL: %1</source>
   <translation>OpenGL: %1</translation>
  </message>
  <message>
   <source>Opening %1</source>
   <translation>%1 wird geöffnet</translation>
  </message>
  <message>
   <source>Opening %1 to compare</source>
   <translation>%1 wird zum Vergleich geöffnet</translation>
  </message>
  <message>
   <source>Order of the channels</source>
   <translation>Reihenfolge der Kanäle</translation>
  </message>
  <message>
   <source>Order of the channels: largest first</source>
   <translation>Reihenfolge der Kanäle: größte zuerst</translation>
  </message>
  <message>
   <source>Order of the columns</source>
   <translation>Reihenfolge der Spalten</translation>
  </message>
  <message>
   <source>Order of the layers</source>
   <translation>Reihenfolge der Schichten</translation>
  </message>
  <message>
   <source>Other</source>
   <translation>Andere</translation>
  </message>
  <message>
   <source>Other method</source>
   <translation>Andere Methode</translation>
  </message>
  <message>
   <source>Outlier activations</source>
   <translation>Ausreißer der Aktivierungen</translation>
  </message>
  <message>
   <source>Outlier channels in the activations</source>
   <translation>Ausreißerkanäle in den Aktivierungen</translation>
  </message>
  <message>
   <source>Outlier dims</source>
   <translation>Ausreißerdimensionen</translation>
  </message>
  <message>
   <source>Outlier dims are counted in activations.</source>
   <translation>Ausreißerdimensionen werden in Aktivierungen gezählt.</translation>
  </message>
  <message>
   <source>Outlier dims of LLM.int8()</source>
   <translation>Ausreißerdimensionen von LLM.int8()</translation>
  </message>
  <message>
   <source>Outlier input channels in the weights</source>
   <translation>Ausreißer-Eingangskanäle in den Gewichten</translation>
  </message>
  <message>
   <source>Outlier weights</source>
   <translation>Ausreißergewichte</translation>
  </message>
  <message>
   <source>Outlier weights by block</source>
   <translation>Ausreißergewichte nach Block</translation>
  </message>
  <message>
   <source>Outlier weights by threshold</source>
   <translation>Ausreißergewichte nach Schwelle</translation>
  </message>
  <message>
   <source>Outliers</source>
   <translation>Ausreißer</translation>
  </message>
  <message>
   <source>Output</source>
   <translation>Ausgang</translation>
  </message>
  <message>
   <source>Output ch.</source>
   <translation>Ausgangsk.</translation>
  </message>
  <message>
   <source>Output channel peak</source>
   <translation>Spitze der Ausgangskanäle</translation>
  </message>
  <message>
   <source>Output channels of W</source>
   <translation>Ausgangskanäle von W</translation>
  </message>
  <message>
   <source>Output channels of zeros</source>
   <translation>Ausgangskanäle aus Nullen</translation>
  </message>
  <message>
   <source>Output channels whose largest |w|, and so whose scale, lies in this channel</source>
   <translation>Ausgangskanäle, deren größtes |w| und damit deren Skala in diesem Kanal liegt</translation>
  </message>
  <message>
   <source>Output channels: rows of W</source>
   <translation>Ausgangskanäle: Zeilen von W</translation>
  </message>
  <message>
   <source>Output error</source>
   <translation>Ausgangsfehler</translation>
  </message>
  <message>
   <source>Output error at that alpha</source>
   <translation>Ausgangsfehler bei diesem alpha</translation>
  </message>
  <message>
   <source>Output error if normalised activations had unit variance</source>
   <translation>Ausgangsfehler, wenn normierte Aktivierungen Varianz eins hätten</translation>
  </message>
  <message>
   <source>Output error if the normalised activations had unit variance: input channels weigh g² of the norm; without a norm each column weighs the same.</source>
   <translation>Ausgangsfehler, wenn die normierten Aktivierungen Varianz eins hätten: Eingangskanäle wiegen g² der Norm; ohne Norm wiegt jede Spalte gleich.</translation>
  </message>
  <message>
   <source>Output error in int8 with and without outlier dims in 16 bits; reads the weights</source>
   <translation>Ausgangsfehler in int8 mit und ohne Ausreißerdimensionen in 16 Bit; liest die Gewichte</translation>
  </message>
  <message>
   <source>Output error of all readers together without smoothing</source>
   <translation>Ausgangsfehler aller Leser zusammen ohne Glättung</translation>
  </message>
  <message>
   <source>Output error of this linear alone, on the inputs of the model as it is</source>
   <translation>Ausgangsfehler dieser Schicht allein, auf den Eingängen des Modells, wie es ist</translation>
  </message>
  <message>
   <source>Output error on calibration data, for models that have activations</source>
   <translation>Ausgangsfehler auf Kalibrierungsdaten, für Modelle, die Aktivierungen haben</translation>
  </message>
  <message>
   <source>Output error with everything before it under the plan, too</source>
   <translation>Ausgangsfehler mit allem davor ebenfalls unter dem Plan</translation>
  </message>
  <message>
   <source>Output error with the activations in int8, the weights as stored</source>
   <translation>Ausgabefehler mit Aktivierungen in int8 und Gewichten wie gespeichert</translation>
  </message>
  <message>
   <source>Output error, A</source>
   <translation>Ausgangsfehler, A</translation>
  </message>
  <message>
   <source>Output error, W</source>
   <translation>Ausgangsfehler, W</translation>
  </message>
  <message>
   <source>Output error, W+A</source>
   <translation>Ausgangsfehler, W+A</translation>
  </message>
  <message>
   <source>Output errors and salience stay exact in later sessions; about 2 × in² bytes a site, %1 here</source>
   <translation>Ausgangsfehler und Salienz bleiben in späteren Sitzungen exakt; etwa 2 × in² Bytes pro Stelle, hier %1</translation>
  </message>
  <message>
   <source>Output errors need activations: calibrate first (Analyze menu).</source>
   <translation>Ausgangsfehler brauchen Aktivierungen: erst kalibrieren (Menü Analyse).</translation>
  </message>
  <message>
   <source>Output errors need activations: calibrate, or import them.</source>
   <translation>Ausgangsfehler brauchen Aktivierungen: kalibrieren oder importieren.</translation>
  </message>
  <message>
   <source>Output or input channel (AdaDim)</source>
   <translation>Ausgangs- oder Eingangskanal (AdaDim)</translation>
  </message>
  <message>
   <source>Output, A</source>
   <translation>Ausgang, A</translation>
  </message>
  <message>
   <source>Output, A only</source>
   <translation>Ausgang, nur A</translation>
  </message>
  <message>
   <source>Output, W</source>
   <translation>Ausgang, W</translation>
  </message>
  <message>
   <source>Output, W only</source>
   <translation>Ausgang, nur W</translation>
  </message>
  <message>
   <source>Output, W+A</source>
   <translation>Ausgang, W+A</translation>
  </message>
  <message>
   <source>Over the median channel of the same matrix, norm or input</source>
   <translation>Über dem medianen Kanal derselben Matrix, Norm oder desselben Eingangs</translation>
  </message>
  <message>
   <source>Overlap</source>
   <translation>Überlappung</translation>
  </message>
  <message>
   <source>Overlap of outlier dims</source>
   <translation>Überlappung der Ausreißerdimensionen</translation>
  </message>
  <message>
   <source>Overlap of the outlier dims of two blocks: %1 on average, for inputs of %2.</source>
   <translation>Überlappung der Ausreißerdimensionen zweier Blöcke: %1 im Mittel, für Eingänge von %2.</translation>
  </message>
  <message>
   <source>Overview</source>
   <translation>Übersicht</translation>
  </message>
  <message>
   <source>Overview: error by block and role</source>
   <translation>Übersicht: Fehler nach Block und Rolle</translation>
  </message>
  <message>
   <source>PDF drawing (*.pdf)</source>
   <translation>PDF-Zeichnung (*.pdf)</translation>
  </message>
  <message>
   <source>PNG picture (*.png)</source>
   <translation>PNG-Bild (*.png)</translation>
  </message>
  <message>
   <source>PNG picture (*.png);;SVG drawing (*.svg);;PDF drawing (*.pdf)</source>
   <translation>PNG-Bild (*.png);;SVG-Zeichnung (*.svg);;PDF-Zeichnung (*.pdf)</translation>
  </message>
  <message>
   <source>Pages</source>
   <translation>Seiten</translation>
  </message>
  <message>
   <source>Part of a name, or a regular expression between slashes (Ctrl+F)</source>
   <translation>Teil eines Namens oder ein regulärer Ausdruck zwischen Schrägstrichen (Strg+F)</translation>
  </message>
  <message>
   <source>Parts</source>
   <translation>Teile</translation>
  </message>
  <message>
   <source>Parts of the comparison</source>
   <translation>Teile des Vergleichs</translation>
  </message>
  <message>
   <source>Parts over the matrix: %1 salient, %2 dense, %3 sparse</source>
   <translation>Teile über der Matrix: %1 salient, %2 dicht, %3 dünn</translation>
  </message>
  <message>
   <source>Pass the error on to later columns, as GPTQ does.</source>
   <translation>Den Fehler an spätere Spalten weitergeben, wie GPTQ.</translation>
  </message>
  <message>
   <source>Passed over: %1.</source>
   <translation>Übergangen: %1.</translation>
  </message>
  <message>
   <source>Pause</source>
   <translation>Pause</translation>
  </message>
  <message>
   <source>Pause or go on with the selected job; it keeps what it has</source>
   <translation>Den ausgewählten Auftrag anhalten oder fortsetzen; er behält, was er hat</translation>
  </message>
  <message>
   <source>Pause the job</source>
   <translation>Den Auftrag anhalten</translation>
  </message>
  <message>
   <source>Peak of X</source>
   <translation>Spitze von X</translation>
  </message>
  <message>
   <source>Per output &amp;channel</source>
   <translation>Pro Ausgangs&amp;kanal</translation>
  </message>
  <message>
   <source>Per output channel</source>
   <translation>Pro Ausgangskanal</translation>
  </message>
  <message>
   <source>Perplexity</source>
   <translation>Perplexität</translation>
  </message>
  <message>
   <source>Perplexity and logit KL of the model under the plan, on text</source>
   <translation>Perplexität und Logit-KL des Modells unter dem Plan, auf Text</translation>
  </message>
  <message>
   <source>Perplexity by window of text</source>
   <translation>Perplexität nach Textfenster</translation>
  </message>
  <message>
   <source>Picture copied</source>
   <translation>Bild kopiert</translation>
  </message>
  <message>
   <source>Picture saved as %1</source>
   <translation>Bild gespeichert als %1</translation>
  </message>
  <message>
   <source>Pin</source>
   <translation>Anheften</translation>
  </message>
  <message>
   <source>Pin as A</source>
   <translation>Als A anheften</translation>
  </message>
  <message>
   <source>Pin as B</source>
   <translation>Als B anheften</translation>
  </message>
  <message>
   <source>Pin current</source>
   <translation>Anheften</translation>
  </message>
  <message>
   <source>Pin input channel %1</source>
   <translation>Eingangskanal %1 anheften</translation>
  </message>
  <message>
   <source>Pin output channel %1</source>
   <translation>Ausgangskanal %1 anheften</translation>
  </message>
  <message>
   <source>Pin the curves</source>
   <translation>Die Kurven anheften</translation>
  </message>
  <message>
   <source>Pixels</source>
   <translation>Bildpunkte</translation>
  </message>
  <message>
   <source>Pixels an inch of a PNG, and of the heatmaps inside SVG and PDF</source>
   <translation>Bildpunkte pro Zoll eines PNG und der Bilder in SVG und PDF</translation>
  </message>
  <message>
   <source>Places</source>
   <translation>Orte</translation>
  </message>
  <message>
   <source>Plan</source>
   <translation>Plan</translation>
  </message>
  <message>
   <source>Plan (%1)</source>
   <translation>Plan (%1)</translation>
  </message>
  <message>
   <source>Plan table</source>
   <translation>Plantabelle</translation>
  </message>
  <message>
   <source>Pool</source>
   <translation>Pool</translation>
  </message>
  <message>
   <source>Pooling</source>
   <translation>Pool</translation>
  </message>
  <message>
   <source>Power of |error|.</source>
   <translation>Potenz von |Fehler|.</translation>
  </message>
  <message>
   <source>Predictions</source>
   <translation>Vorhersagen</translation>
  </message>
  <message>
   <source>Predictions that count</source>
   <translation>Vorhersagen, die zählen</translation>
  </message>
  <message>
   <source>Predictions that count in this window</source>
   <translation>Vorhersagen, die in diesem Fenster zählen</translation>
  </message>
  <message>
   <source>Predictions whose most likely token stays the same</source>
   <translation>Vorhersagen, deren wahrscheinlichstes Token gleich bleibt</translation>
  </message>
  <message>
   <source>Preparing the compared errors</source>
   <translation>Die verglichenen Fehler werden vorbereitet</translation>
  </message>
  <message>
   <source>Preparing the demo model</source>
   <translation>Das Demo-Modell wird vorbereitet</translation>
  </message>
  <message>
   <source>Preparing the difference of errors</source>
   <translation>Der Unterschied der Fehler wird vorbereitet</translation>
  </message>
  <message>
   <source>Preparing the matrix picture</source>
   <translation>Das Bild der Matrix wird vorbereitet</translation>
  </message>
  <message>
   <source>Preparing the surface</source>
   <translation>Die Fläche wird vorbereitet</translation>
  </message>
  <message>
   <source>Press Decide to measure what is missing.</source>
   <translation>„Entscheiden“ drücken, um zu messen, was fehlt.</translation>
  </message>
  <message>
   <source>Preview</source>
   <translation>Vorschau</translation>
  </message>
  <message>
   <source>Preview of the figure</source>
   <translation>Vorschau der Abbildung</translation>
  </message>
  <message>
   <source>Preview of the file</source>
   <translation>Vorschau der Datei</translation>
  </message>
  <message>
   <source>Previous l&amp;inear</source>
   <translation>Vorige S&amp;chicht</translation>
  </message>
  <message>
   <source>Previous p&amp;anel</source>
   <translation>Voriger Be&amp;reich</translation>
  </message>
  <message>
   <source>Producer</source>
   <translation>Erzeuger</translation>
  </message>
  <message>
   <source>Progress</source>
   <translation>Fortschritt</translation>
  </message>
  <message>
   <source>Progress of the measurement</source>
   <translation>Fortschritt der Messung</translation>
  </message>
  <message>
   <source>Progress of the running job</source>
   <translation>Fortschritt des laufenden Auftrags</translation>
  </message>
  <message>
   <source>Progress of the verification</source>
   <translation>Fortschritt der Prüfung</translation>
  </message>
  <message>
   <source>Progress, time left, pause, cancel</source>
   <translation>Fortschritt, Restzeit, Pause, Abbrechen</translation>
  </message>
  <message>
   <source>Propagation</source>
   <translation>Fortpflanzung</translation>
  </message>
  <message>
   <source>Protocol</source>
   <translation>Protokoll</translation>
  </message>
  <message>
   <source>Published</source>
   <translation>Wie veröffentlicht</translation>
  </message>
  <message>
   <source>Put all panels back where they were at first</source>
   <translation>Alle Bereiche an ihren ersten Platz zurückstellen</translation>
  </message>
  <message>
   <source>Q(w) %1</source>
   <translation>Q(w) %1</translation>
  </message>
  <message>
   <source>QPainter: %1</source>
   <translation>QPainter: %1</translation>
  </message>
  <message>
   <source>QPainter: OpenGL would be drawn in software by %1</source>
   <translation>QPainter: OpenGL würde von %1 in Software gezeichnet</translation>
  </message>
  <message>
   <source>QPainter: as asked for</source>
   <translation>QPainter: wie verlangt</translation>
  </message>
  <message>
   <source>QuantLoupe ended before the plan for %1 was saved.</source>
   <translation>QuantLoupe wurde beendet, bevor der Plan für %1 gespeichert war.</translation>
  </message>
  <message>
   <source>QuantLoupe guides</source>
   <translation>Anleitungen zu QuantLoupe</translation>
  </message>
  <message>
   <source>Quantile</source>
   <translation>Quantil</translation>
  </message>
  <message>
   <source>Quantity</source>
   <translation>Größe</translation>
  </message>
  <message>
   <source>Quantization error |Q(W) − W| under the shown choice</source>
   <translation>Quantisierungsfehler |Q(W) − W| unter der gezeigten Wahl</translation>
  </message>
  <message>
   <source>Quantizing %1…</source>
   <translation>%1 wird quantisiert…</translation>
  </message>
  <message>
   <source>Quit QuantLoupe</source>
   <translation>QuantLoupe beenden</translation>
  </message>
  <message>
   <source>R1: rotates the residual stream, and with it every matrix that reads or writes it</source>
   <translation>R1: rotiert den Residualstrom und mit ihm jede Matrix, die ihn liest oder schreibt</translation>
  </message>
  <message>
   <source>R2: rotates the values of each attention head, taken back by the output matrix</source>
   <translation>R2: rotiert die Werte jedes Attention-Kopfs, von der Ausgangsmatrix zurückgenommen</translation>
  </message>
  <message>
   <source>Random</source>
   <translation>Zufällig</translation>
  </message>
  <message>
   <source>Random signs and a Hadamard transform, in blocks of the largest power of two that divides the channels</source>
   <translation>Zufällige Vorzeichen und eine Hadamard-Transformation, in Blöcken der größten Zweierpotenz, die die Kanäle teilt</translation>
  </message>
  <message>
   <source>Ranges of %1 channels as they stand.</source>
   <translation>Bereiche von %1 Kanälen, wie sie stehen.</translation>
  </message>
  <message>
   <source>Ranges of %1 channels in the order of %2 groups.</source>
   <translation>Bereiche von %1 Kanälen in der Reihenfolge von %2 Gruppen.</translation>
  </message>
  <message>
   <source>Ranges of channels, as they stand</source>
   <translation>Bereiche der Kanäle, wie sie stehen</translation>
  </message>
  <message>
   <source>Ranges of channels, in groups</source>
   <translation>Bereiche der Kanäle, in Gruppen</translation>
  </message>
  <message>
   <source>Rank 1 is the largest error. Click a header to sort; a row selects its linear.</source>
   <translation>Rang 1 ist der größte Fehler. Ein Klick auf den Kopf ordnet; eine Zeile wählt ihre Schicht aus.</translation>
  </message>
  <message>
   <source>Rank by %1, 1 = worst.</source>
   <translation>Rang nach %1, 1 = schlechteste.</translation>
  </message>
  <message>
   <source>Rank of every linear by every metric</source>
   <translation>Rang jeder Schicht nach jedem Maß</translation>
  </message>
  <message>
   <source>Rank the linears by their errors under choice A</source>
   <translation>Die Schichten nach ihren Fehlern unter Wahl A ordnen</translation>
  </message>
  <message>
   <source>Rank the linears by their errors under choice B</source>
   <translation>Die Schichten nach ihren Fehlern unter Wahl B ordnen</translation>
  </message>
  <message>
   <source>Ranking channels</source>
   <translation>Kanäle werden geordnet</translation>
  </message>
  <message>
   <source>Ranks by metric</source>
   <translation>Ränge nach Maß</translation>
  </message>
  <message>
   <source>Ratio</source>
   <translation>Verhältnis</translation>
  </message>
  <message>
   <source>Read activation statistics from a file</source>
   <translation>Aktivierungsstatistik aus einer Datei lesen</translation>
  </message>
  <message>
   <source>Readers</source>
   <translation>Leser</translation>
  </message>
  <message>
   <source>Reading a weight</source>
   <translation>Ein Gewicht wird gelesen</translation>
  </message>
  <message>
   <source>Reading statistics</source>
   <translation>Statistik wird gelesen</translation>
  </message>
  <message>
   <source>Reading the token sample…</source>
   <translation>Die Token-Stichprobe wird gelesen…</translation>
  </message>
  <message>
   <source>Ready</source>
   <translation>Bereit</translation>
  </message>
  <message>
   <source>Recent</source>
   <translation>Zuletzt benutzt</translation>
  </message>
  <message>
   <source>Recovered edits</source>
   <translation>Wiedergefundene Änderungen</translation>
  </message>
  <message>
   <source>Redo %1 (Ctrl+Shift+Z)</source>
   <translation>%1 wiederholen (Strg+Umschalt+Z)</translation>
  </message>
  <message>
   <source>Redo the edit that was undone</source>
   <translation>Die zurückgenommene Änderung wiederholen</translation>
  </message>
  <message>
   <source>Rel. Frobenius</source>
   <translation>Rel. Frobenius</translation>
  </message>
  <message>
   <source>Rel. L1</source>
   <translation>Rel. L1</translation>
  </message>
  <message>
   <source>Relative Frobenius error</source>
   <translation>Relativer Frobeniusfehler</translation>
  </message>
  <message>
   <source>Relative Frobenius error of the weights</source>
   <translation>Relativer Frobeniusfehler der Gewichte</translation>
  </message>
  <message>
   <source>Relative L1 error</source>
   <translation>Relativer L1-Fehler</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>Entfernen</translation>
  </message>
  <message>
   <source>Remove from this group</source>
   <translation>Von dieser Gruppe entfernen</translation>
  </message>
  <message>
   <source>Remove its smoothing from the plan</source>
   <translation>Ihre Glättung aus dem Plan entfernen</translation>
  </message>
  <message>
   <source>Remove the pins</source>
   <translation>Angeheftetes entfernen</translation>
  </message>
  <message>
   <source>Replace</source>
   <translation>Ersetzen</translation>
  </message>
  <message>
   <source>Report</source>
   <translation>Bericht</translation>
  </message>
  <message>
   <source>Residual</source>
   <translation>Rest</translation>
  </message>
  <message>
   <source>Residual by order</source>
   <translation>Rest nach Ordnung</translation>
  </message>
  <message>
   <source>Residual in float32</source>
   <translation>Rest in float32</translation>
  </message>
  <message>
   <source>Residual of salient weights: %1 with one binarization, %2 with two; of dense ones %3, of sparse ones %4 with one</source>
   <translation>Rest der salienten Gewichte: %1 mit einer Binarisierung, %2 mit zweien; der dichten %3, der dünnen %4 mit einer</translation>
  </message>
  <message>
   <source>Resolution</source>
   <translation>Auflösung</translation>
  </message>
  <message>
   <source>Restore</source>
   <translation>Wiederherstellen</translation>
  </message>
  <message>
   <source>Rests on</source>
   <translation>Beruht auf</translation>
  </message>
  <message>
   <source>Revert</source>
   <translation>Zurück</translation>
  </message>
  <message>
   <source>Role %1</source>
   <translation>Rolle %1</translation>
  </message>
  <message>
   <source>Roles</source>
   <translation>Rollen</translation>
  </message>
  <message>
   <source>Root mean squares of Q(W) − W under GPTQ</source>
   <translation>Quadratische Mittel von Q(W) − W unter GPTQ</translation>
  </message>
  <message>
   <source>Root of the mean of x², over all tokens</source>
   <translation>Wurzel des Mittels von x², über alle Tokens</translation>
  </message>
  <message>
   <source>Rotating %1…</source>
   <translation>%1 wird rotiert…</translation>
  </message>
  <message>
   <source>Rotation</source>
   <translation>Rotation</translation>
  </message>
  <message>
   <source>Rotation of %1</source>
   <translation>Rotation von %1</translation>
  </message>
  <message>
   <source>Rotation of the heads</source>
   <translation>Rotation der Köpfe</translation>
  </message>
  <message>
   <source>Rotation of the residual stream</source>
   <translation>Rotation des Residualstroms</translation>
  </message>
  <message>
   <source>Rotations hold for the whole model. They are folded into the weights: the model computes what it did before, and costs nothing more.</source>
   <translation>Rotationen gelten für das ganze Modell. Sie werden in die Gewichte gefaltet: das Modell rechnet, was es vorher rechnete, und kostet nichts zusätzlich.</translation>
  </message>
  <message>
   <source>Rotations hold for the whole model. They are folded into the weights; the head, which is the embedding until now, then needs a matrix of its own.</source>
   <translation>Rotationen gelten für das ganze Modell. Sie werden in die Gewichte gefaltet; der Kopf, der bisher das Embedding ist, braucht dann eine eigene Matrix.</translation>
  </message>
  <message>
   <source>Round S to powers of two</source>
   <translation>S auf Zweierpotenzen runden</translation>
  </message>
  <message>
   <source>Round to nearest in groups of fp4 with an fp8 scale, and a scale for the tensor that fused layers share; needs no data.</source>
   <translation>Runden zum nächsten Wert in Gruppen von fp4 mit einer fp8-Skala und einer Skala für den Tensor, die verschmolzene Schichten teilen; braucht keine Daten.</translation>
  </message>
  <message>
   <source>Round to nearest in groups that share a power of two (OCP microscaling); needs no data. The flavours are rules for that power; compressed-tensors rounds it in every format as for mxfp4.</source>
   <translation>Runden zum nächsten Wert in Gruppen, die eine Zweierpotenz teilen (OCP-Microscaling); braucht keine Daten. Die Spielarten sind Regeln für diese Potenz; compressed-tensors rundet sie in jedem Format wie für mxfp4.</translation>
  </message>
  <message>
   <source>Round to nearest within ranges that are searched for each group on the layer's output; needs activations.</source>
   <translation>Runden zum nächsten Wert in Bereichen, die für jede Gruppe am Ausgang der Schicht gesucht werden; braucht Aktivierungen.</translation>
  </message>
  <message>
   <source>Round to nearest: every weight takes the nearest code of its part's grid; needs no data.</source>
   <translation>Runden zum nächsten Wert: jedes Gewicht nimmt den nächsten Code des Gitters seines Teils; braucht keine Daten.</translation>
  </message>
  <message>
   <source>Round to nearest: every weight takes the nearest value of a small float format; needs no data.</source>
   <translation>Runden zum nächsten Wert: jedes Gewicht nimmt den nächsten Wert eines kleinen Gleitkommaformats; braucht keine Daten.</translation>
  </message>
  <message>
   <source>Rounding the input alone costs %1 of the output: channels %2 reach %3 times the median.</source>
   <translation>Allein das Runden des Eingangs kostet %1 des Ausgangs: die Kanäle %2 erreichen das %3-Fache des Medians.</translation>
  </message>
  <message>
   <source>Row %1, column %2</source>
   <translation>Zeile %1, Spalte %2</translation>
  </message>
  <message>
   <source>Row %1, column %2.</source>
   <translation>Zeile %1, Spalte %2.</translation>
  </message>
  <message>
   <source>Rows</source>
   <translation>Zeilen</translation>
  </message>
  <message>
   <source>Rows in which any column has this text</source>
   <translation>Zeilen, in denen eine Spalte diesen Text hat</translation>
  </message>
  <message>
   <source>Rows of a block</source>
   <translation>Zeilen eines Blocks</translation>
  </message>
  <message>
   <source>Rows, columns</source>
   <translation>Zeilen, Spalten</translation>
  </message>
  <message>
   <source>Run the model as it is and under the plan side by side on some text</source>
   <translation>Das Modell, wie es ist, und unter dem Plan nebeneinander auf Text laufen lassen</translation>
  </message>
  <message>
   <source>Run the model on text to see what its linears receive</source>
   <translation>Das Modell auf Text laufen lassen, um zu sehen, was seine Schichten erhalten</translation>
  </message>
  <message>
   <source>Run the model on text to see what this linear receives</source>
   <translation>Das Modell auf Text laufen lassen, um zu sehen, was diese Schicht erhält</translation>
  </message>
  <message>
   <source>Run the model on text: activations and output errors of every linear</source>
   <translation>Das Modell auf Text laufen lassen: Aktivierungen und Ausgangsfehler jeder Schicht</translation>
  </message>
  <message>
   <source>Run-time work</source>
   <translation>Arbeit zur Laufzeit</translation>
  </message>
  <message>
   <source>Running the model as it is and under the plan…</source>
   <translation>Das Modell läuft, wie es ist und unter dem Plan…</translation>
  </message>
  <message>
   <source>Runs as a job: progress and cancel in the status bar</source>
   <translation>Läuft als Auftrag: Fortschritt und Abbrechen in der Statusleiste</translation>
  </message>
  <message>
   <source>Runs as a job; the window can be used meanwhile</source>
   <translation>Läuft als Auftrag; das Fenster bleibt benutzbar</translation>
  </message>
  <message>
   <source>Runs the model block by block on text. Every linear then shows what it really receives, and its output error instead of an estimate.</source>
   <translation>Lässt das Modell Block für Block auf Text laufen. Jede Schicht zeigt dann, was sie wirklich erhält, und ihren Ausgangsfehler statt einer Schätzung.</translation>
  </message>
  <message>
   <source>Runtimes store q, k, v (and gate, up) as one: give them one choice</source>
   <translation>Laufzeiten speichern q, k, v (und gate, up) als eins: ihnen eine Wahl geben</translation>
  </message>
  <message>
   <source>Runtimes store these as one matrix and need one scheme for all of them</source>
   <translation>Laufzeiten speichern diese als eine Matrix und brauchen ein Schema für alle</translation>
  </message>
  <message>
   <source>S</source>
   <translation>S</translation>
  </message>
  <message>
   <source>S = max|X|^α / max|W|^(1−α): moves outliers between the sides</source>
   <translation>S = max|X|^α / max|W|^(1−α): verschiebt Ausreißer zwischen den Seiten</translation>
  </message>
  <message>
   <source>S = r(X)^α / r(W)^(1−α): balances typical magnitudes, shrinks weight outliers too</source>
   <translation>S = r(X)^α / r(W)^(1−α): gleicht typische Beträge aus, verkleinert auch Gewichtsausreißer</translation>
  </message>
  <message>
   <source>S appears once the group is loaded.</source>
   <translation>S erscheint, sobald die Gruppe geladen ist.</translation>
  </message>
  <message>
   <source>S cannot be folded into the weights: %1.</source>
   <translation>S lässt sich nicht in die Gewichte falten: %1.</translation>
  </message>
  <message>
   <source>SQNR</source>
   <translation>SQNR</translation>
  </message>
  <message>
   <source>SVG drawing (*.svg)</source>
   <translation>SVG-Zeichnung (*.svg)</translation>
  </message>
  <message>
   <source>Sa&amp;lience</source>
   <translation>Sa&amp;lienz</translation>
  </message>
  <message>
   <source>Sa&amp;lience of this linear</source>
   <translation>Sa&amp;lienz dieser Schicht</translation>
  </message>
  <message>
   <source>Sa&amp;ve as…</source>
   <translation>Speichern &amp;unter…</translation>
  </message>
  <message>
   <source>Salience</source>
   <translation>Salienz</translation>
  </message>
  <message>
   <source>Salience figures</source>
   <translation>Zahlen der Salienz</translation>
  </message>
  <message>
   <source>Salience needs to know what goes into a linear.</source>
   <translation>Salienz muss wissen, was in eine Schicht hineingeht.</translation>
  </message>
  <message>
   <source>Salience of %1</source>
   <translation>Salienz von %1</translation>
  </message>
  <message>
   <source>Salience of the weights</source>
   <translation>Salienz der Gewichte</translation>
  </message>
  <message>
   <source>Salient columns</source>
   <translation>Saliente Spalten</translation>
  </message>
  <message>
   <source>Salient columns, dense and sparse weights over the matrix, and their bits</source>
   <translation>Saliente Spalten, dichte und dünne Gewichte über der Matrix, und ihre Bits</translation>
  </message>
  <message>
   <source>Same diagnosis</source>
   <translation>Derselbe Befund</translation>
  </message>
  <message>
   <source>Same role, all blocks</source>
   <translation>Dieselbe Rolle, alle Blöcke</translation>
  </message>
  <message>
   <source>Same top token</source>
   <translation>Gleiches bestes Token</translation>
  </message>
  <message>
   <source>Save &amp;picture…</source>
   <translation>&amp;Bild speichern…</translation>
  </message>
  <message>
   <source>Save fi&amp;gure…</source>
   <translation>Ab&amp;bildung speichern…</translation>
  </message>
  <message>
   <source>Save figure</source>
   <translation>Abbildung speichern</translation>
  </message>
  <message>
   <source>Save figure…</source>
   <translation>Abbildung speichern…</translation>
  </message>
  <message>
   <source>Save picture</source>
   <translation>Bild speichern</translation>
  </message>
  <message>
   <source>Save plan</source>
   <translation>Plan speichern</translation>
  </message>
  <message>
   <source>Save plan &amp;as…</source>
   <translation>Plan speichern &amp;unter…</translation>
  </message>
  <message>
   <source>Save s&amp;tatistics…</source>
   <translation>S&amp;tatistik speichern…</translation>
  </message>
  <message>
   <source>Save selection</source>
   <translation>Auswahl speichern</translation>
  </message>
  <message>
   <source>Save statistics</source>
   <translation>Statistik speichern</translation>
  </message>
  <message>
   <source>Save table as &amp;CSV…</source>
   <translation>Tabelle als &amp;CSV speichern…</translation>
  </message>
  <message>
   <source>Save the plan</source>
   <translation>Den Plan speichern</translation>
  </message>
  <message>
   <source>Save the plan table</source>
   <translation>Die Plantabelle speichern</translation>
  </message>
  <message>
   <source>Save the plan table as comma-separated values</source>
   <translation>Die Plantabelle als durch Komma getrennte Werte speichern</translation>
  </message>
  <message>
   <source>Save the plan under another name</source>
   <translation>Den Plan unter einem anderen Namen speichern</translation>
  </message>
  <message>
   <source>Save the view with the focus as PNG or SVG</source>
   <translation>Die Ansicht mit dem Fokus als PNG oder SVG speichern</translation>
  </message>
  <message>
   <source>Save the view with the focus as SVG, PDF or PNG at a chosen size, with a title</source>
   <translation>Die Ansicht mit dem Fokus als SVG, PDF oder PNG in gewählter Größe speichern, mit Titel</translation>
  </message>
  <message>
   <source>Save them before going on?</source>
   <translation>Vor dem Weitermachen speichern?</translation>
  </message>
  <message>
   <source>Save&amp;d selections</source>
   <translation>Ge&amp;speicherte Auswahlen</translation>
  </message>
  <message>
   <source>Saved %1</source>
   <translation>%1 gespeichert</translation>
  </message>
  <message>
   <source>Saved %1 and %2</source>
   <translation>%1 und %2 gespeichert</translation>
  </message>
  <message>
   <source>Saved %1; the view has no numbers to save</source>
   <translation>%1 gespeichert; die Ansicht hat keine Zahlen zu speichern</translation>
  </message>
  <message>
   <source>Saved selections</source>
   <translation>Gespeicherte Auswahlen</translation>
  </message>
  <message>
   <source>Scale</source>
   <translation>Skala</translation>
  </message>
  <message>
   <source>Scale of the colours</source>
   <translation>Skala der Farben</translation>
  </message>
  <message>
   <source>Scale of the values</source>
   <translation>Skala der Werte</translation>
  </message>
  <message>
   <source>Scales</source>
   <translation>Skalen</translation>
  </message>
  <message>
   <source>Scales S</source>
   <translation>Skalen S</translation>
  </message>
  <message>
   <source>Scales by output channel and by input channel are measured on every linear, and the dimension with the smaller output error is taken.</source>
   <translation>Skalen nach Ausgangs- und nach Eingangskanal werden an jeder Schicht gemessen, und die Dimension mit dem kleineren Ausgangsfehler wird genommen.</translation>
  </message>
  <message>
   <source>Scales by output or by input channel, whichever has the smaller output error</source>
   <translation>Skalen nach Ausgangs- oder Eingangskanal, was den kleineren Ausgangsfehler hat</translation>
  </message>
  <message>
   <source>Scores by window of text</source>
   <translation>Zahlen nach Textfenster</translation>
  </message>
  <message>
   <source>Scores of %1 windows of text; the table below has the numbers.</source>
   <translation>Zahlen von %1 Textfenstern; die Tabelle darunter nennt sie.</translation>
  </message>
  <message>
   <source>Se&amp;lect</source>
   <translation>Aus&amp;wählen</translation>
  </message>
  <message>
   <source>Se&amp;lect…</source>
   <translation>Aus&amp;wählen…</translation>
  </message>
  <message>
   <source>Search a clip range for each group.</source>
   <translation>Für jede Gruppe einen Clip-Bereich suchen.</translation>
  </message>
  <message>
   <source>Search actions</source>
   <translation>Aktionen suchen</translation>
  </message>
  <message>
   <source>Search all groups</source>
   <translation>Alle suchen</translation>
  </message>
  <message>
   <source>Search alpha of &amp;all groups</source>
   <translation>alpha &amp;aller Gruppen suchen</translation>
  </message>
  <message>
   <source>Search the range with the smallest error to the power 2.4.</source>
   <translation>Den Bereich mit dem kleinsten Fehler zur Potenz 2,4 suchen.</translation>
  </message>
  <message>
   <source>Searching alpha of %1 smoothing groups</source>
   <translation>alpha von %1 Glättungsgruppen wird gesucht</translation>
  </message>
  <message>
   <source>Searching…</source>
   <translation>Wird gesucht…</translation>
  </message>
  <message>
   <source>Seed</source>
   <translation>Startwert</translation>
  </message>
  <message>
   <source>Select &amp;all linears</source>
   <translation>&amp;Alle Schichten auswählen</translation>
  </message>
  <message>
   <source>Select a linear first: its choice becomes %1.</source>
   <translation>Erst eine Schicht auswählen: ihre Wahl wird %1.</translation>
  </message>
  <message>
   <source>Select a linear in the tree or in the overview to see what quantization does to it.</source>
   <translation>Im Baum oder in der Übersicht eine Schicht auswählen, um zu sehen, was Quantisierung mit ihr macht.</translation>
  </message>
  <message>
   <source>Select a linear to compare A and B on it.</source>
   <translation>Eine Schicht auswählen, um A und B daran zu vergleichen.</translation>
  </message>
  <message>
   <source>Select a linear to compare choices.</source>
   <translation>Eine Schicht auswählen, um Wahlen zu vergleichen.</translation>
  </message>
  <message>
   <source>Select a linear to see its channels.</source>
   <translation>Eine Schicht auswählen, um ihre Kanäle zu sehen.</translation>
  </message>
  <message>
   <source>Select a linear to see the codes it uses.</source>
   <translation>Eine Schicht auswählen, um die Codes zu sehen, die sie benutzt.</translation>
  </message>
  <message>
   <source>Select a linear to see what the methods do to it.</source>
   <translation>Eine Schicht auswählen, um zu sehen, was die Methoden mit ihr machen.</translation>
  </message>
  <message>
   <source>Select a linear, or a group in the table below, to see what smoothing does.</source>
   <translation>Eine Schicht auswählen, oder eine Gruppe in der Tabelle unten, um zu sehen, was Glättung bewirkt.</translation>
  </message>
  <message>
   <source>Select a linear.</source>
   <translation>Eine Schicht auswählen.</translation>
  </message>
  <message>
   <source>Select every linear that has a finding</source>
   <translation>Jede Schicht auswählen, die einen Befund hat</translation>
  </message>
  <message>
   <source>Select every quantizable linear</source>
   <translation>Jede quantisierbare Schicht auswählen</translation>
  </message>
  <message>
   <source>Select every quantizable linear that is not selected</source>
   <translation>Jede quantisierbare Schicht auswählen, die nicht ausgewählt ist</translation>
  </message>
  <message>
   <source>Select its %1 linears</source>
   <translation>Ihre %1 Schichten auswählen</translation>
  </message>
  <message>
   <source>Select its linears</source>
   <translation>Ihre Schichten auswählen</translation>
  </message>
  <message>
   <source>Select linears</source>
   <translation>Schichten auswählen</translation>
  </message>
  <message>
   <source>Select linears by blocks, roles, name, finding, measured value or scheme</source>
   <translation>Schichten nach Blöcken, Rollen, Name, Befund, Messwert oder Schema auswählen</translation>
  </message>
  <message>
   <source>Select linears with &amp;findings</source>
   <translation>Schichten mit Be&amp;funden auswählen</translation>
  </message>
  <message>
   <source>Select nothing</source>
   <translation>Nichts auswählen</translation>
  </message>
  <message>
   <source>Select this block</source>
   <translation>Diesen Block auswählen</translation>
  </message>
  <message>
   <source>Select this role in all blocks</source>
   <translation>Diese Rolle in allen Blöcken auswählen</translation>
  </message>
  <message>
   <source>Selection</source>
   <translation>Auswahl</translation>
  </message>
  <message>
   <source>Set weights of channels that are always zero to zero first, as the published code does.</source>
   <translation>Gewichte von Kanälen, die immer null sind, zuerst auf null setzen, wie der veröffentlichte Code.</translation>
  </message>
  <message>
   <source>Sets %1 on the selected linears; one undo step.</source>
   <translation>Setzt %1 auf den ausgewählten Schichten; ein Schritt zum Rückgängigmachen.</translation>
  </message>
  <message>
   <source>Shape</source>
   <translation>Form</translation>
  </message>
  <message>
   <source>Share of a part's weights inside the range; asymmetric, half of the rest is outside at either end.</source>
   <translation>Anteil der Gewichte eines Teils innerhalb des Bereichs; asymmetrisch liegt an jedem Ende die Hälfte des Rests außerhalb.</translation>
  </message>
  <message>
   <source>Share of all weights that are finite</source>
   <translation>Anteil an allen endlichen Gewichten</translation>
  </message>
  <message>
   <source>Share of outlier dims by block</source>
   <translation>Anteil der Ausreißerdimensionen nach Block</translation>
  </message>
  <message>
   <source>Share of outlier dims by block: largest %1, at the input of %2.</source>
   <translation>Anteil der Ausreißerdimensionen nach Block: am größten %1, am Eingang von %2.</translation>
  </message>
  <message>
   <source>Share of the mean diagonal added to the Hessian.</source>
   <translation>Anteil der mittleren Diagonale, der zur Hesse-Matrix addiert wird.</translation>
  </message>
  <message>
   <source>Share of the squared weight error under the shown choice</source>
   <translation>Anteil am quadrierten Gewichtsfehler unter der gezeigten Wahl</translation>
  </message>
  <message>
   <source>Share of the sum of (Q(W) − W)²</source>
   <translation>Anteil an der Summe von (Q(W) − W)²</translation>
  </message>
  <message>
   <source>Share of the sum of W²</source>
   <translation>Anteil an der Summe von W²</translation>
  </message>
  <message>
   <source>Share of the total salience in the most salient 1 % of the columns, rounded up to whole columns</source>
   <translation>Anteil an der gesamten Salienz in den salientesten 1 % der Spalten, auf ganze Spalten aufgerundet</translation>
  </message>
  <message>
   <source>Share of weights beyond n standard deviations</source>
   <translation>Anteil der Gewichte jenseits von n Standardabweichungen</translation>
  </message>
  <message>
   <source>Show</source>
   <translation>Zeigen</translation>
  </message>
  <message>
   <source>Show %1</source>
   <translation>%1 zeigen</translation>
  </message>
  <message>
   <source>Show &amp;jobs</source>
   <translation>&amp;Aufträge zeigen</translation>
  </message>
  <message>
   <source>Show A and B in turn, one second each</source>
   <translation>A und B abwechselnd zeigen, je eine Sekunde</translation>
  </message>
  <message>
   <source>Show as table</source>
   <translation>Als Tabelle zeigen</translation>
  </message>
  <message>
   <source>Show blocks only in the tree</source>
   <translation>Im Baum nur Blöcke zeigen</translation>
  </message>
  <message>
   <source>Show flat</source>
   <translation>Flach zeigen</translation>
  </message>
  <message>
   <source>Show in matrix and channels</source>
   <translation>In Matrix und Kanälen zeigen</translation>
  </message>
  <message>
   <source>Show only the weights of largest salience</source>
   <translation>Nur die Gewichte mit der größten Salienz zeigen</translation>
  </message>
  <message>
   <source>Show or hide</source>
   <translation>Zeigen oder verbergen</translation>
  </message>
  <message>
   <source>Show or hide %1</source>
   <translation>%1 zeigen oder verbergen</translation>
  </message>
  <message>
   <source>Show the linears of all blocks in the tree</source>
   <translation>Die Schichten aller Blöcke im Baum zeigen</translation>
  </message>
  <message>
   <source>Show the other one of A and B (Space; hold it to look)</source>
   <translation>Das andere von A und B zeigen (Leertaste; halten, um zu schauen)</translation>
  </message>
  <message>
   <source>Show the report in the browser</source>
   <translation>Den Bericht im Browser zeigen</translation>
  </message>
  <message>
   <source>Side by side</source>
   <translation>Nebeneinander</translation>
  </message>
  <message>
   <source>Signal to noise</source>
   <translation>Signal-Rausch-Verhältnis</translation>
  </message>
  <message>
   <source>Signal to quantization noise ratio of the weights; more is better.</source>
   <translation>Verhältnis von Signal zu Quantisierungsrauschen der Gewichte; mehr ist besser.</translation>
  </message>
  <message>
   <source>Signs with a scale.</source>
   <translation>Vorzeichen mit einer Skala.</translation>
  </message>
  <message>
   <source>Signs, or -1, 0 and 1, times the mean magnitude of a part; needs no data.</source>
   <translation>Vorzeichen, oder -1, 0 und 1, mal dem mittleren Betrag eines Teils; braucht keine Daten.</translation>
  </message>
  <message>
   <source>Signs, then a bit for each weight that is not salient (dense or sparse), a bit for each column, and the means and scales in 16 bits</source>
   <translation>Vorzeichen, dann ein Bit für jedes nicht saliente Gewicht (dicht oder dünn), ein Bit für jede Spalte, und die Mittelwerte und Skalen in 16 Bit</translation>
  </message>
  <message>
   <source>Size</source>
   <translation>Größe</translation>
  </message>
  <message>
   <source>Size of the quantizable linears as stored and under the plan, float32 scales included; everything else in the checkpoint: %1</source>
   <translation>Größe der quantisierbaren Schichten, wie gespeichert und unter dem Plan, float32-Skalen eingeschlossen; alles andere im Checkpoint: %1</translation>
  </message>
  <message>
   <source>Size of the weights under the plan, in KiB</source>
   <translation>Größe der Gewichte unter dem Plan, in KiB</translation>
  </message>
  <message>
   <source>Size, KiB</source>
   <translation>Größe, KiB</translation>
  </message>
  <message>
   <source>Slide, 16:9</source>
   <translation>Folie, 16:9</translation>
  </message>
  <message>
   <source>Smallest</source>
   <translation>Kleinster</translation>
  </message>
  <message>
   <source>Smooth a range of blocks</source>
   <translation>Einen Bereich von Blöcken glätten</translation>
  </message>
  <message>
   <source>SmoothQuant</source>
   <translation>SmoothQuant</translation>
  </message>
  <message>
   <source>SmoothQuant (alpha %1)</source>
   <translation>SmoothQuant (alpha %1)</translation>
  </message>
  <message>
   <source>SmoothQuant (llm-compressor)</source>
   <translation>SmoothQuant (llm-compressor)</translation>
  </message>
  <message>
   <source>SmoothQuant = bi-smoothing (max)</source>
   <translation>SmoothQuant = Bi-Smoothing (Max.)</translation>
  </message>
  <message>
   <source>SmoothQuant α</source>
   <translation>SmoothQuant α</translation>
  </message>
  <message>
   <source>Smoothing</source>
   <translation>Glättung</translation>
  </message>
  <message>
   <source>Smoothing &amp;groups</source>
   <translation>Glättungs&amp;gruppen</translation>
  </message>
  <message>
   <source>Smoothing factors</source>
   <translation>Glättungsfaktoren</translation>
  </message>
  <message>
   <source>Smoothing factors of %1 channels</source>
   <translation>Glättungsfaktoren von %1 Kanälen</translation>
  </message>
  <message>
   <source>Smoothing factors, not computed yet</source>
   <translation>Glättungsfaktoren, noch nicht berechnet</translation>
  </message>
  <message>
   <source>Smoothing group</source>
   <translation>Glättungsgruppe</translation>
  </message>
  <message>
   <source>Smoothing groups</source>
   <translation>Glättungsgruppen</translation>
  </message>
  <message>
   <source>Smoothing groups (%1)</source>
   <translation>Glättungsgruppen (%1)</translation>
  </message>
  <message>
   <source>Smoothing method</source>
   <translation>Glättungsmethode</translation>
  </message>
  <message>
   <source>So many layers are looked at closely: channel curves, error by choice, findings</source>
   <translation>So viele Schichten werden genau angesehen: Kanalkurven, Fehler nach Wahl, Befunde</translation>
  </message>
  <message>
   <source>Some output channels hold zeros only.</source>
   <translation>Einige Ausgangskanäle enthalten nur Nullen.</translation>
  </message>
  <message>
   <source>Some weights are NaN or infinite: the file is damaged or the training diverged.</source>
   <translation>Einige Gewichte sind NaN oder unendlich: die Datei ist beschädigt, oder das Training ist divergiert.</translation>
  </message>
  <message>
   <source>Something stands out here: %1.</source>
   <translation>Hier ragt etwas heraus: %1.</translation>
  </message>
  <message>
   <source>Sort</source>
   <translation>Ordnen</translation>
  </message>
  <message>
   <source>Sort channels by</source>
   <translation>Kanäle ordnen nach</translation>
  </message>
  <message>
   <source>Spread</source>
   <translation>Streuung</translation>
  </message>
  <message>
   <source>Standard error</source>
   <translation>Standardfehler</translation>
  </message>
  <message>
   <source>Start &amp;over, do not continue</source>
   <translation>&amp;Neu beginnen, nicht fortsetzen</translation>
  </message>
  <message>
   <source>Start page</source>
   <translation>Startseite</translation>
  </message>
  <message>
   <source>State</source>
   <translation>Zustand</translation>
  </message>
  <message>
   <source>Statistic</source>
   <translation>Statistik</translation>
  </message>
  <message>
   <source>Statistic from %1 tokens</source>
   <translation>Statistik aus %1 Tokens</translation>
  </message>
  <message>
   <source>Statistic from %1 tokens · error on %2 tokens</source>
   <translation>Statistik aus %1 Tokens · Fehler auf %2 Tokens</translation>
  </message>
  <message>
   <source>Statistics (*.h5)</source>
   <translation>Statistik (*.h5)</translation>
  </message>
  <message>
   <source>Statistics or activations</source>
   <translation>Statistik oder Aktivierungen</translation>
  </message>
  <message>
   <source>Steps of a whole range.</source>
   <translation>Schritte eines ganzen Bereichs.</translation>
  </message>
  <message>
   <source>Steps of the range search.</source>
   <translation>Schritte der Bereichssuche.</translation>
  </message>
  <message>
   <source>Steps of the scale search.</source>
   <translation>Schritte der Skalensuche.</translation>
  </message>
  <message>
   <source>Steps of the search.</source>
   <translation>Schritte der Suche.</translation>
  </message>
  <message>
   <source>Steps without improvement.</source>
   <translation>Schritte ohne Verbesserung.</translation>
  </message>
  <message>
   <source>Stop everything that runs; finished layers stay</source>
   <translation>Alles anhalten, was läuft; fertige Schichten bleiben</translation>
  </message>
  <message>
   <source>Stop the selected job; finished layers stay in the statistics file</source>
   <translation>Den ausgewählten Auftrag anhalten; fertige Schichten bleiben in der Statistikdatei</translation>
  </message>
  <message>
   <source>Stopped after %1</source>
   <translation>Angehalten nach %1</translation>
  </message>
  <message>
   <source>Stopped.</source>
   <translation>Angehalten.</translation>
  </message>
  <message>
   <source>Stream</source>
   <translation>Strom</translation>
  </message>
  <message>
   <source>Sum of |error| over sum of |w|.</source>
   <translation>Summe der |Fehler| über der Summe der |w|.</translation>
  </message>
  <message>
   <source>Summary and windows, tab-separated</source>
   <translation>Zusammenfassung und Fenster, durch Tabulatoren getrennt</translation>
  </message>
  <message>
   <source>Surface of %1, %2 by %3 cells; the largest is %4.</source>
   <translation>Fläche von %1, %2 mal %3 Zellen; das größte ist %4.</translation>
  </message>
  <message>
   <source>Surface: drag to rotate, wheel to zoom (3)</source>
   <translation>Fläche: ziehen dreht, das Rad vergrößert (3)</translation>
  </message>
  <message>
   <source>Swap A and B (key X)</source>
   <translation>A und B tauschen (Taste X)</translation>
  </message>
  <message>
   <source>Sweeping the damping</source>
   <translation>Die Dämpfung wird durchlaufen</translation>
  </message>
  <message>
   <source>Symmetric</source>
   <translation>Symmetrisch</translation>
  </message>
  <message>
   <source>Symmetry</source>
   <translation>Symmetrie</translation>
  </message>
  <message>
   <source>T&amp;okens</source>
   <translation>T&amp;okens</translation>
  </message>
  <message>
   <source>Tables</source>
   <translation>Tabellen</translation>
  </message>
  <message>
   <source>Take %1 out of the comparison</source>
   <translation>%1 aus dem Vergleich nehmen</translation>
  </message>
  <message>
   <source>Take &amp;optimal alpha</source>
   <translation>&amp;Optimales alpha nehmen</translation>
  </message>
  <message>
   <source>Take activations from .safetensors, .npz, an imatrix, act_scales or a capture</source>
   <translation>Aktivierungen aus .safetensors, .npz, einer imatrix, act_scales oder einem Mitschnitt nehmen</translation>
  </message>
  <message>
   <source>Take optimum</source>
   <translation>Optimum nehmen</translation>
  </message>
  <message>
   <source>Take out of the plan</source>
   <translation>Aus dem Plan nehmen</translation>
  </message>
  <message>
   <source>Take the optimum</source>
   <translation>Das Optimum nehmen</translation>
  </message>
  <message>
   <source>Take the smoothing of the current group out of the plan</source>
   <translation>Die Glättung der aktuellen Gruppe aus dem Plan nehmen</translation>
  </message>
  <message>
   <source>Take them from a file instead: .safetensors, .npz, imatrix, act_scales, capture</source>
   <translation>Sie stattdessen aus einer Datei nehmen: .safetensors, .npz, imatrix, act_scales, Mitschnitt</translation>
  </message>
  <message>
   <source>Takes the gain of the norm instead of activations, as if they had unit variance</source>
   <translation>Nimmt den Gain der Norm statt der Aktivierungen, als hätten sie Varianz eins</translation>
  </message>
  <message>
   <source>Target</source>
   <translation>Ziel</translation>
  </message>
  <message>
   <source>Text</source>
   <translation>Text</translation>
  </message>
  <message>
   <source>Text (*.txt *.md *.jsonl);;All files (*)</source>
   <translation>Text (*.txt *.md *.jsonl);;Alle Dateien (*)</translation>
  </message>
  <message>
   <source>Text file</source>
   <translation>Textdatei</translation>
  </message>
  <message>
   <source>Text like what the model will be used on calibrates best</source>
   <translation>Am besten kalibriert Text von der Art, für die das Modell benutzt wird</translation>
  </message>
  <message>
   <source>Text of the guide</source>
   <translation>Text der Anleitung</translation>
  </message>
  <message>
   <source>Text that was not used for calibration; 1 to 2 % of a corpus is plenty</source>
   <translation>Text, der nicht zum Kalibrieren benutzt wurde; 1 bis 2 % eines Korpus reichen völlig</translation>
  </message>
  <message>
   <source>Texts of the window in %1</source>
   <translation>Texte des Fensters auf %1</translation>
  </message>
  <message>
   <source>That rounding moves the producer's own weights by %1.</source>
   <translation>Diese Rundung verschiebt die eigenen Gewichte des Erzeugers um %1.</translation>
  </message>
  <message>
   <source>The activations at hand do not cover this linear.</source>
   <translation>Die vorhandenen Aktivierungen decken diese Schicht nicht ab.</translation>
  </message>
  <message>
   <source>The activations at hand do not say how large |x| gets.</source>
   <translation>Die vorhandenen Aktivierungen sagen nicht, wie groß |x| wird.</translation>
  </message>
  <message>
   <source>The activations at hand do not say what reaches this linear.</source>
   <translation>Die vorhandenen Aktivierungen sagen nicht, was diese Schicht erreicht.</translation>
  </message>
  <message>
   <source>The alpha with the least error on the curve of the current group</source>
   <translation>Das alpha mit dem kleinsten Fehler auf der Kurve der aktuellen Gruppe</translation>
  </message>
  <message>
   <source>The alpha with the least error under SmoothQuant</source>
   <translation>Das alpha mit dem kleinsten Fehler unter SmoothQuant</translation>
  </message>
  <message>
   <source>The alpha with the least error under bi-smoothing by medians</source>
   <translation>Das alpha mit dem kleinsten Fehler unter Bi-Smoothing mit Medianen</translation>
  </message>
  <message>
   <source>The calibration is running; curves follow.</source>
   <translation>Die Kalibrierung läuft; die Kurven folgen.</translation>
  </message>
  <message>
   <source>The channel that is followed, counted from 0</source>
   <translation>Der verfolgte Kanal, gezählt ab 0</translation>
  </message>
  <message>
   <source>The channels are being read.</source>
   <translation>Die Kanäle werden gelesen.</translation>
  </message>
  <message>
   <source>The channels come with the activations.</source>
   <translation>Die Kanäle kommen mit den Aktivierungen.</translation>
  </message>
  <message>
   <source>The choice of the current linear becomes A of the comparison</source>
   <translation>Die Wahl der aktuellen Schicht wird A des Vergleichs</translation>
  </message>
  <message>
   <source>The choice of the current linear becomes B of the comparison</source>
   <translation>Die Wahl der aktuellen Schicht wird B des Vergleichs</translation>
  </message>
  <message>
   <source>The choice that this metric prefers; ≠ marks metrics that disagree with most others.</source>
   <translation>Die Wahl, die dieses Maß vorzieht; ≠ kennzeichnet Maße, die den meisten anderen widersprechen.</translation>
  </message>
  <message>
   <source>The codes of these choices cannot be counted.</source>
   <translation>Die Codes dieser Wahlen lassen sich nicht zählen.</translation>
  </message>
  <message>
   <source>The columns of %1 are multiplied by S.</source>
   <translation>Die Spalten von %1 werden mit S multipliziert.</translation>
  </message>
  <message>
   <source>The curve is not measured yet</source>
   <translation>Die Kurve ist noch nicht gemessen</translation>
  </message>
  <message>
   <source>The curves show what it would give; it cannot be applied to this model.</source>
   <translation>Die Kurven zeigen, was es brächte; auf dieses Modell lässt es sich nicht anwenden.</translation>
  </message>
  <message>
   <source>The error is over the target and no single input channel explains it: the weights have heavy tails.</source>
   <translation>Der Fehler liegt über dem Ziel, und kein einzelner Eingangskanal erklärt ihn: die Gewichte haben schwere Ränder.</translation>
  </message>
  <message>
   <source>The error is that of all readers together, quantized, with those factors.</source>
   <translation>Der Fehler ist der aller Leser zusammen, quantisiert, mit diesen Faktoren.</translation>
  </message>
  <message>
   <source>The error that decides; output errors need activations</source>
   <translation>Der Fehler, der entscheidet; Ausgangsfehler brauchen Aktivierungen</translation>
  </message>
  <message>
   <source>The error that decides; the second runs the model block by block</source>
   <translation>Der Fehler, der entscheidet; der zweite lässt das Modell Block für Block laufen</translation>
  </message>
  <message>
   <source>The file to write</source>
   <translation>Die zu schreibende Datei</translation>
  </message>
  <message>
   <source>The first activations are on their way.</source>
   <translation>Die ersten Aktivierungen sind unterwegs.</translation>
  </message>
  <message>
   <source>The first blocks are being run…</source>
   <translation>Die ersten Blöcke laufen…</translation>
  </message>
  <message>
   <source>The first errors are being measured.</source>
   <translation>Die ersten Fehler werden gemessen.</translation>
  </message>
  <message>
   <source>The first points are being measured.</source>
   <translation>Die ersten Punkte werden gemessen.</translation>
  </message>
  <message>
   <source>The gains of the norm announce activation outliers in channels %1; the weights are fine.</source>
   <translation>Die Gains der Norm kündigen Aktivierungsausreißer in den Kanälen %1 an; die Gewichte sind in Ordnung.</translation>
  </message>
  <message>
   <source>The gains of the norm before it announce activation outliers; the weights themselves are fine.</source>
   <translation>Die Gains der Norm davor kündigen Aktivierungsausreißer an; die Gewichte selbst sind in Ordnung.</translation>
  </message>
  <message>
   <source>The group above the target</source>
   <translation>Die Gruppe über dem Ziel</translation>
  </message>
  <message>
   <source>The heads cannot be rotated: %1.</source>
   <translation>Die Köpfe lassen sich nicht rotieren: %1.</translation>
  </message>
  <message>
   <source>The inputs of these linears stay as they are</source>
   <translation>Die Eingänge dieser Schichten bleiben, wie sie sind</translation>
  </message>
  <message>
   <source>The language of the desktop, or English</source>
   <translation>Die Sprache des Desktops, oder Englisch</translation>
  </message>
  <message>
   <source>The largest weight over the median of |W|</source>
   <translation>Das größte Gewicht über dem Median von |W|</translation>
  </message>
  <message>
   <source>The largest |Q(w) − w|, in the unit of the weights.</source>
   <translation>Das größte |Q(w) − w|, in der Einheit der Gewichte.</translation>
  </message>
  <message>
   <source>The least error on the curve: α %1 (Enter on the slider)</source>
   <translation>Der kleinste Fehler auf der Kurve: α %1 (Eingabe auf dem Schieber)</translation>
  </message>
  <message>
   <source>The line above the view; empty: none</source>
   <translation>Die Zeile über der Ansicht; leer: keine</translation>
  </message>
  <message>
   <source>The linears that fit become the selection</source>
   <translation>Die passenden Schichten werden die Auswahl</translation>
  </message>
  <message>
   <source>The linears whose columns are multiplied by S</source>
   <translation>Die Schichten, deren Spalten mit S multipliziert werden</translation>
  </message>
  <message>
   <source>The map of single weights needs the weight files; only statistics are open.</source>
   <translation>Die Karte einzelner Gewichte braucht die Gewichtsdateien; offen ist nur Statistik.</translation>
  </message>
  <message>
   <source>The measurement did not end; what is shown came before that.</source>
   <translation>Die Messung kam nicht zu Ende; was zu sehen ist, kam vorher.</translation>
  </message>
  <message>
   <source>The method could not do all that was asked for; the errors are those of what it did instead.</source>
   <translation>Die Methode konnte nicht alles Verlangte tun; die Fehler sind die dessen, was sie stattdessen tat.</translation>
  </message>
  <message>
   <source>The metrics are divided: %1 prefer A, %1 prefer B.</source>
   <translation>Die Maße sind geteilt: %1 ziehen A vor, %1 ziehen B vor.</translation>
  </message>
  <message>
   <source>The metrics that agree least are %1 and %2: Kendall's tau %3.</source>
   <translation>Am wenigsten stimmen %1 und %2 überein: Kendalls Tau %3.</translation>
  </message>
  <message>
   <source>The metrics were copied.</source>
   <translation>Die Maße wurden kopiert.</translation>
  </message>
  <message>
   <source>The model is being calibrated; curves come when it is done.</source>
   <translation>Das Modell wird kalibriert; danach kommen die Kurven.</translation>
  </message>
  <message>
   <source>The model is on another machine</source>
   <translation>Das Modell liegt auf einer anderen Maschine</translation>
  </message>
  <message>
   <source>The model is on another machine?</source>
   <translation>Liegt das Modell auf einer anderen Maschine?</translation>
  </message>
  <message>
   <source>The norm or linear that is divided by S</source>
   <translation>Die Norm oder Schicht, die durch S geteilt wird</translation>
  </message>
  <message>
   <source>The picture of an error needs the weight files; only statistics are open.</source>
   <translation>Das Bild eines Fehlers braucht die Gewichtsdateien; offen ist nur Statistik.</translation>
  </message>
  <message>
   <source>The pinned channel's largest |w| in every linear that reads or writes the same channel</source>
   <translation>Das größte |w| des angehefteten Kanals in jeder Schicht, die denselben Kanal liest oder schreibt</translation>
  </message>
  <message>
   <source>The plan against W8 per channel: hollow dots are before</source>
   <translation>Der Plan gegen W8 pro Kanal: hohle Punkte sind vorher</translation>
  </message>
  <message>
   <source>The plan as QuantLoupe stores it; nothing is lost.</source>
   <translation>Der Plan, wie QuantLoupe ihn speichert; nichts geht verloren.</translation>
  </message>
  <message>
   <source>The plan has changed since; decide again.</source>
   <translation>Der Plan hat sich seitdem geändert; noch einmal entscheiden.</translation>
  </message>
  <message>
   <source>The plan has these rotations, for the whole model.</source>
   <translation>Der Plan hat diese Rotationen, für das ganze Modell.</translation>
  </message>
  <message>
   <source>The plan rotates nothing.</source>
   <translation>Der Plan rotiert nichts.</translation>
  </message>
  <message>
   <source>The plan smooths; a plan that smooths and rotates cannot be folded, so take the smoothing out of it first.</source>
   <translation>Der Plan glättet; ein Plan, der glättet und rotiert, lässt sich nicht falten, also zuerst die Glättung herausnehmen.</translation>
  </message>
  <message>
   <source>The program reads files of this machine only and sends nothing.</source>
   <translation>Das Programm liest nur Dateien dieser Maschine und sendet nichts.</translation>
  </message>
  <message>
   <source>The quantization error needs the weight files; only statistics are open.</source>
   <translation>Der Quantisierungsfehler braucht die Gewichtsdateien; offen ist nur Statistik.</translation>
  </message>
  <message>
   <source>The quantization_config of a checkpoint that vLLM, SGLang and transformers read.</source>
   <translation>Die quantization_config eines Checkpoints, den vLLM, SGLang und transformers lesen.</translation>
  </message>
  <message>
   <source>The ranks were copied.</source>
   <translation>Die Ränge wurden kopiert.</translation>
  </message>
  <message>
   <source>The residual is being measured.</source>
   <translation>Der Rest wird gemessen.</translation>
  </message>
  <message>
   <source>The residual is known once there are activations.</source>
   <translation>Der Rest ist bekannt, sobald es Aktivierungen gibt.</translation>
  </message>
  <message>
   <source>The residual stream cannot be rotated: %1.</source>
   <translation>Der Residualstrom lässt sich nicht rotieren: %1.</translation>
  </message>
  <message>
   <source>The resolution must be between 24 and 2,400 dpi.</source>
   <translation>Die Auflösung muss zwischen 24 und 2.400 dpi liegen.</translation>
  </message>
  <message>
   <source>The same Llama with outliers in the norm gains, like OPT: the weights look harmless, the activations are not.</source>
   <translation>Dasselbe Llama mit Ausreißern in den Gains der Normen, wie OPT: die Gewichte sehen harmlos aus, die Aktivierungen sind es nicht.</translation>
  </message>
  <message>
   <source>The same Llama without outliers: int8 per channel costs next to nothing.</source>
   <translation>Dasselbe Llama ohne Ausreißer: int8 pro Kanal kostet so gut wie nichts.</translation>
  </message>
  <message>
   <source>The same for rounding to nearest, under the same colours</source>
   <translation>Dasselbe für Runden zum nächsten Wert, unter denselben Farben</translation>
  </message>
  <message>
   <source>The same in words: --blocks, --roles and --layers as on the command line, --finding any|none|CODE, --where METRIC&gt;=VALUE, --scheme SPEC</source>
   <translation>Dasselbe in Worten: --blocks, --roles und --layers wie auf der Befehlszeile, --finding any|none|CODE, --where MASS&gt;=WERT, --scheme SPEC</translation>
  </message>
  <message>
   <source>The same over all sites of the model that have statistics</source>
   <translation>Dasselbe über alle Stellen des Modells, die Statistik haben</translation>
  </message>
  <message>
   <source>The same with both quantized, on the sampled tokens</source>
   <translation>Dasselbe mit beiden quantisiert, auf den Stichproben-Tokens</translation>
  </message>
  <message>
   <source>The same with outlier dims in 16 bits</source>
   <translation>Dasselbe mit Ausreißerdimensionen in 16 Bit</translation>
  </message>
  <message>
   <source>The same with readers and producer rounded to %1, as a file of this model stores them.</source>
   <translation>Dasselbe mit Lesern und Erzeuger auf %1 gerundet, wie eine Datei dieses Modells sie speichert.</translation>
  </message>
  <message>
   <source>The same with the input quantized, on the sampled tokens</source>
   <translation>Dasselbe mit quantisiertem Eingang, auf den Stichproben-Tokens</translation>
  </message>
  <message>
   <source>The table of all smoothing groups</source>
   <translation>Die Tabelle aller Glättungsgruppen</translation>
  </message>
  <message>
   <source>The tool the plan is written for</source>
   <translation>Das Werkzeug, für das der Plan geschrieben wird</translation>
  </message>
  <message>
   <source>The toolkit of this window</source>
   <translation>Der Werkzeugkasten dieses Fensters</translation>
  </message>
  <message>
   <source>The view shows %L1 numbers, more than a million: zoom in to save them as CSV, or save the picture alone.</source>
   <translation>Die Ansicht zeigt %L1 Zahlen, mehr als eine Million: zum Speichern als CSV vergrößern, oder nur das Bild speichern.</translation>
  </message>
  <message>
   <source>The weights of largest salience, as chosen above</source>
   <translation>Die Gewichte mit der größten Salienz, wie oben gewählt</translation>
  </message>
  <message>
   <source>The weights stay %1 at %2 → %3 with α %4.</source>
   <translation>Die Gewichte bleiben %1 bei %2 → %3 mit α %4.</translation>
  </message>
  <message>
   <source>The whole text of all messages</source>
   <translation>Der ganze Text aller Meldungen</translation>
  </message>
  <message>
   <source>Then</source>
   <translation>Dann</translation>
  </message>
  <message>
   <source>There are activations already: %1. Other text or settings replace them.</source>
   <translation>Es gibt schon Aktivierungen: %1. Anderer Text oder andere Einstellungen ersetzen sie.</translation>
  </message>
  <message>
   <source>There are no activations yet.</source>
   <translation>Es gibt noch keine Aktivierungen.</translation>
  </message>
  <message>
   <source>There are no activations yet: calibrate on text to see what smoothing does.</source>
   <translation>Es gibt noch keine Aktivierungen: auf Text kalibrieren, um zu sehen, was Glättung bewirkt.</translation>
  </message>
  <message>
   <source>There are no two blocks to compare.</source>
   <translation>Es gibt keine zwei Blöcke zu vergleichen.</translation>
  </message>
  <message>
   <source>There is another selection of that name, or the name is empty.</source>
   <translation>Es gibt eine andere Auswahl dieses Namens, oder der Name ist leer.</translation>
  </message>
  <message>
   <source>There is no such group, so the plan stays as it is.</source>
   <translation>Eine solche Gruppe gibt es nicht, der Plan bleibt, wie er ist.</translation>
  </message>
  <message>
   <source>These weights stay as they are: there is no quantization error.</source>
   <translation>Diese Gewichte bleiben, wie sie sind: es gibt keinen Quantisierungsfehler.</translation>
  </message>
  <message>
   <source>They join the selection</source>
   <translation>Sie kommen zur Auswahl hinzu</translation>
  </message>
  <message>
   <source>They leave the selection</source>
   <translation>Sie verlassen die Auswahl</translation>
  </message>
  <message>
   <source>This group</source>
   <translation>Diese Gruppe</translation>
  </message>
  <message>
   <source>This group cannot be smoothed</source>
   <translation>Diese Gruppe lässt sich nicht glätten</translation>
  </message>
  <message>
   <source>This group needs no smoothing</source>
   <translation>Diese Gruppe braucht keine Glättung</translation>
  </message>
  <message>
   <source>This linear</source>
   <translation>Diese Schicht</translation>
  </message>
  <message>
   <source>This linear has no finding, so there are no others like it.</source>
   <translation>Diese Schicht hat keinen Befund, also gibt es keine anderen wie sie.</translation>
  </message>
  <message>
   <source>This linear has no norm or linear in front whose output could be divided, so it cannot be smoothed; pick another one, or a group in the table below.</source>
   <translation>Vor dieser Schicht steht keine Norm oder Schicht, deren Ausgang sich teilen ließe, sie lässt sich also nicht glätten; eine andere wählen, oder eine Gruppe in der Tabelle unten.</translation>
  </message>
  <message>
   <source>This linear, bits/weight</source>
   <translation>Diese Schicht, Bits/Gewicht</translation>
  </message>
  <message>
   <source>This linear, size</source>
   <translation>Diese Schicht, Größe</translation>
  </message>
  <message>
   <source>This matrix has no weights.</source>
   <translation>Diese Matrix hat keine Gewichte.</translation>
  </message>
  <message>
   <source>This metric prefers the other choice than most metrics do.</source>
   <translation>Dieses Maß zieht die andere Wahl vor als die meisten Maße.</translation>
  </message>
  <message>
   <source>This model has no linears in numbered blocks. The model tree lists them.</source>
   <translation>Dieses Modell hat keine Schichten in nummerierten Blöcken. Der Modellbaum führt sie auf.</translation>
  </message>
  <message>
   <source>This quantity is shown flat only: press 2.</source>
   <translation>Diese Größe wird nur flach gezeigt: 2 drücken.</translation>
  </message>
  <message>
   <source>Threshold</source>
   <translation>Schwelle</translation>
  </message>
  <message>
   <source>Threshold |x| ≥</source>
   <translation>Schwelle |x| ≥</translation>
  </message>
  <message>
   <source>Time</source>
   <translation>Zeit</translation>
  </message>
  <message>
   <source>Title</source>
   <translation>Titel</translation>
  </message>
  <message>
   <source>Token ids</source>
   <translation>Token-Nummern</translation>
  </message>
  <message>
   <source>Token ids (*.npy *.safetensors *.txt);;All files (*)</source>
   <translation>Token-Nummern (*.npy *.safetensors *.txt);;Alle Dateien (*)</translation>
  </message>
  <message>
   <source>Token ids from a file</source>
   <translation>Token-Nummern aus einer Datei</translation>
  </message>
  <message>
   <source>Tokens by block and expert</source>
   <translation>Tokens nach Block und Experte</translation>
  </message>
  <message>
   <source>Tokens in a window; the text is cut into windows that the model sees one by one</source>
   <translation>Tokens in einem Fenster; der Text wird in Fenster geschnitten, die das Modell einzeln sieht</translation>
  </message>
  <message>
   <source>Tokens kept whole at every site: what heatmaps show and activation errors are measured on</source>
   <translation>Tokens, die an jeder Stelle ganz behalten werden: was Bilder zeigen und woran Aktivierungsfehler gemessen werden</translation>
  </message>
  <message>
   <source>Tokens of %1 experts in %2 blocks; %3 saw none.</source>
   <translation>Tokens von %1 Experten in %2 Blöcken; %3 sahen keines.</translation>
  </message>
  <message>
   <source>Tokens per channel</source>
   <translation>Tokens pro Kanal</translation>
  </message>
  <message>
   <source>Tokens that each expert saw during calibration</source>
   <translation>Tokens, die jeder Experte bei der Kalibrierung sah</translation>
  </message>
  <message>
   <source>Toolbar</source>
   <translation>Werkzeugleiste</translation>
  </message>
  <message>
   <source>Top 1 % of columns</source>
   <translation>Erstes 1 % der Spalten</translation>
  </message>
  <message>
   <source>Tracker</source>
   <translation>Verfolger</translation>
  </message>
  <message>
   <source>Tried as a what-if at once; Apply writes it into the plan.</source>
   <translation>Wird sofort als Probe ausprobiert; Anwenden schreibt es in den Plan.</translation>
  </message>
  <message>
   <source>Tried on the Smoothing page; Apply writes it into the plan.</source>
   <translation>Wird auf der Seite Glättung ausprobiert; Anwenden schreibt es in den Plan.</translation>
  </message>
  <message>
   <source>Try EasyQuant</source>
   <translation>EasyQuant versuchen</translation>
  </message>
  <message>
   <source>Try GPTQ</source>
   <translation>GPTQ versuchen</translation>
  </message>
  <message>
   <source>Try it</source>
   <translation>Versuchen</translation>
  </message>
  <message>
   <source>Two choices of a linear side by side, and several models</source>
   <translation>Zwei Wahlen einer Schicht nebeneinander und mehrere Modelle</translation>
  </message>
  <message>
   <source>Two columns, 183 mm</source>
   <translation>Zwei Spalten, 183 mm</translation>
  </message>
  <message>
   <source>UTF-8 text</source>
   <translation>UTF-8-Text</translation>
  </message>
  <message>
   <source>Under A</source>
   <translation>Unter A</translation>
  </message>
  <message>
   <source>Under B</source>
   <translation>Unter B</translation>
  </message>
  <message>
   <source>Under the &amp;plan as it is in the window</source>
   <translation>Unter dem &amp;Plan, wie er im Fenster ist</translation>
  </message>
  <message>
   <source>Under which choice</source>
   <translation>Unter welcher Wahl</translation>
  </message>
  <message>
   <source>Undo %1 (Ctrl+Z)</source>
   <translation>%1 rückgängig machen (Strg+Z)</translation>
  </message>
  <message>
   <source>Undo the last edit of the plan</source>
   <translation>Die letzte Änderung des Plans rückgängig machen</translation>
  </message>
  <message>
   <source>Undo: %1</source>
   <translation>Rückgängig: %1</translation>
  </message>
  <message>
   <source>Unit</source>
   <translation>Einheit</translation>
  </message>
  <message>
   <source>Unlock</source>
   <translation>Entsperren</translation>
  </message>
  <message>
   <source>Unpin</source>
   <translation>Lösen</translation>
  </message>
  <message>
   <source>Unsaved plan</source>
   <translation>Ungespeicherter Plan</translation>
  </message>
  <message>
   <source>Unused codes</source>
   <translation>Unbenutzte Codes</translation>
  </message>
  <message>
   <source>Updates</source>
   <translation>Anpassungen</translation>
  </message>
  <message>
   <source>Updates and Hessian</source>
   <translation>Anpassungen und Hesse-Matrix</translation>
  </message>
  <message>
   <source>Updates and Hessian by column</source>
   <translation>Anpassungen und Hesse-Matrix nach Spalte</translation>
  </message>
  <message>
   <source>Use %1</source>
   <translation>%1</translation>
  </message>
  <message>
   <source>Use SmoothQuant</source>
   <translation>SmoothQuant</translation>
  </message>
  <message>
   <source>Use bi-smoothing</source>
   <translation>Bi-Smoothing</translation>
  </message>
  <message>
   <source>Use the whole screen</source>
   <translation>Den ganzen Bildschirm benutzen</translation>
  </message>
  <message>
   <source>Usual sizes</source>
   <translation>Übliche Größen</translation>
  </message>
  <message>
   <source>V</source>
   <translation>V</translation>
  </message>
  <message>
   <source>Value</source>
   <translation>Wert</translation>
  </message>
  <message>
   <source>Values</source>
   <translation>Werte</translation>
  </message>
  <message>
   <source>Values copied</source>
   <translation>Werte kopiert</translation>
  </message>
  <message>
   <source>Values copied as CSV</source>
   <translation>Werte als CSV kopiert</translation>
  </message>
  <message>
   <source>Verdict</source>
   <translation>Urteil</translation>
  </message>
  <message>
   <source>Verify plan</source>
   <translation>Plan prüfen</translation>
  </message>
  <message>
   <source>Verifying %1</source>
   <translation>%1 wird geprüft</translation>
  </message>
  <message>
   <source>Version, renderer, licence</source>
   <translation>Version, Zeichner, Lizenz</translation>
  </message>
  <message>
   <source>W %1</source>
   <translation>W %1</translation>
  </message>
  <message>
   <source>W %1 · X %2</source>
   <translation>W %1 · X %2</translation>
  </message>
  <message>
   <source>W alone: no token sample · %1</source>
   <translation>nur W: keine Token-Stichprobe · %1</translation>
  </message>
  <message>
   <source>W minus what GPTQ rounded, by tiles</source>
   <translation>W minus das, was GPTQ rundete, nach Kacheln</translation>
  </message>
  <message>
   <source>W&amp;rite report</source>
   <translation>Bericht &amp;schreiben</translation>
  </message>
  <message>
   <source>W+A on the token sample · %1</source>
   <translation>W+A auf der Token-Stichprobe · %1</translation>
  </message>
  <message>
   <source>W8A8 lost points: find the layers that did it</source>
   <translation>W8A8 hat Punkte verloren: die Schichten finden, die es waren</translation>
  </message>
  <message>
   <source>Warning: %1</source>
   <translation>Warnung: %1</translation>
  </message>
  <message>
   <source>Weight</source>
   <translation>Gewicht</translation>
  </message>
  <message>
   <source>Weight and activation units; error shares in percent</source>
   <translation>Einheiten der Gewichte und Aktivierungen; Fehleranteile in Prozent</translation>
  </message>
  <message>
   <source>Weight error</source>
   <translation>Gewichtsfehler</translation>
  </message>
  <message>
   <source>Weight error by column</source>
   <translation>Gewichtsfehler nach Spalte</translation>
  </message>
  <message>
   <source>Weight format</source>
   <translation>Format der Gewichte</translation>
  </message>
  <message>
   <source>Weight of the norm in front: it scales this channel's activations</source>
   <translation>Gewicht der Norm davor: es skaliert die Aktivierungen dieses Kanals</translation>
  </message>
  <message>
   <source>Weight or statistics file…</source>
   <translation>Gewichts- oder Statistikdatei…</translation>
  </message>
  <message>
   <source>Weight outliers</source>
   <translation>Gewichtsausreißer</translation>
  </message>
  <message>
   <source>Weights</source>
   <translation>Gewichte</translation>
  </message>
  <message>
   <source>Weights beyond n of these stay exact.</source>
   <translation>Gewichte jenseits von n davon bleiben exakt.</translation>
  </message>
  <message>
   <source>Weights beyond n standard deviations stay exact; every part of the rest gets the step with the least squared error; needs no data.</source>
   <translation>Gewichte jenseits von n Standardabweichungen bleiben exakt; jeder Teil des Rests bekommt die Schrittweite mit dem kleinsten quadratischen Fehler; braucht keine Daten.</translation>
  </message>
  <message>
   <source>Weights far from the mean, which EasyQuant keeps exact</source>
   <translation>Gewichte weit vom Mittel, die EasyQuant exakt behält</translation>
  </message>
  <message>
   <source>Weights measured: %1 of %2 matrices</source>
   <translation>Gewichte gemessen: %1 von %2 Matrizen</translation>
  </message>
  <message>
   <source>Weights on the end codes</source>
   <translation>Gewichte auf den Endcodes</translation>
  </message>
  <message>
   <source>Weights so many standard deviations from the mean stay exact</source>
   <translation>Gewichte so viele Standardabweichungen vom Mittel bleiben exakt</translation>
  </message>
  <message>
   <source>Weights that have the lowest or highest code.</source>
   <translation>Gewichte mit dem kleinsten oder größten Code.</translation>
  </message>
  <message>
   <source>Weights that share one scale, along the input channels</source>
   <translation>Gewichte, die entlang der Eingangskanäle eine Skala teilen</translation>
  </message>
  <message>
   <source>Weights up to %1 meet inputs up to %2 in channels %3.</source>
   <translation>Gewichte bis %1 treffen auf Eingänge bis %2 in den Kanälen %3.</translation>
  </message>
  <message>
   <source>Weights with their sign</source>
   <translation>Gewichte mit Vorzeichen</translation>
  </message>
  <message>
   <source>What GPTQ changed before it rounded</source>
   <translation>Was GPTQ vor dem Runden änderte</translation>
  </message>
  <message>
   <source>What X of H = 2 XᵀX is known by</source>
   <translation>Woher das X von H = 2 XᵀX bekannt ist</translation>
  </message>
  <message>
   <source>What a method does inside the current linear: GPTQ, BiLLM, clusters, rotations</source>
   <translation>Was eine Methode in der aktuellen Schicht macht: GPTQ, BiLLM, Cluster, Rotationen</translation>
  </message>
  <message>
   <source>What a pixel shows of the weights it covers: the largest (no outlier is lost) or the mean</source>
   <translation>Was ein Bildpunkt von den Gewichten zeigt, die er bedeckt: das größte (kein Ausreißer geht verloren) oder das Mittel</translation>
  </message>
  <message>
   <source>What colours the overview, the tree and the plan table (keys 0 to 9)</source>
   <translation>Was Übersicht, Baum und Plantabelle färbt (Tasten 0 bis 9)</translation>
  </message>
  <message>
   <source>What columns and break points are searched on: the salience (published code) or the weights (paper).</source>
   <translation>Worauf Spalten und Bruchpunkte gesucht werden: auf der Salienz (veröffentlichter Code) oder den Gewichten (Artikel).</translation>
  </message>
  <message>
   <source>What does not fit is kept in a file, or left out with a word about it</source>
   <translation>Was nicht passt, kommt in eine Datei, oder wird mit einem Hinweis weggelassen</translation>
  </message>
  <message>
   <source>What dominates the error of this linear, which channels, and what each remedy gives</source>
   <translation>Was den Fehler dieser Schicht beherrscht, welche Kanäle, und was jede Abhilfe bringt</translation>
  </message>
  <message>
   <source>What each column costs under GPTQ and under rounding to nearest, and where</source>
   <translation>Was jede Spalte unter GPTQ und unter Runden zum nächsten Wert kostet, und wo</translation>
  </message>
  <message>
   <source>What folding costs</source>
   <translation>Was die Faltung kostet</translation>
  </message>
  <message>
   <source>What if %1</source>
   <translation>Was wäre mit %1</translation>
  </message>
  <message>
   <source>What is drawn (M: next)</source>
   <translation>Was gezeichnet wird (M: nächstes)</translation>
  </message>
  <message>
   <source>What is smoothed together: the norm or linear in front, and all that read it</source>
   <translation>Was zusammen geglättet wird: die Norm oder Schicht davor und alle, die sie lesen</translation>
  </message>
  <message>
   <source>What loaders will say</source>
   <translation>Was Lader sagen werden</translation>
  </message>
  <message>
   <source>What n multiplies: the standard deviation, or the variance as printed in one text.</source>
   <translation>Was n multipliziert: die Standardabweichung, oder die Varianz, wie ein Text sie druckt.</translation>
  </message>
  <message>
   <source>What rotating the residual stream and the heads does to channels and errors</source>
   <translation>Was das Rotieren des Residualstroms und der Köpfe mit Kanälen und Fehlern macht</translation>
  </message>
  <message>
   <source>What salience and the errors passed on are known by</source>
   <translation>Woher Salienz und weitergegebene Fehler bekannt sind</translation>
  </message>
  <message>
   <source>What the cells show</source>
   <translation>Was die Felder zeigen</translation>
  </message>
  <message>
   <source>What the map shows</source>
   <translation>Was die Karte zeigt</translation>
  </message>
  <message>
   <source>What the numbers mean</source>
   <translation>Was die Zahlen bedeuten</translation>
  </message>
  <message>
   <source>What the overview shows</source>
   <translation>Was die Übersicht zeigt</translation>
  </message>
  <message>
   <source>What the quantized linear does to its outputs on data: weights and activations quantized when the choice quantizes both, else the weights alone.</source>
   <translation>Was die quantisierte Schicht auf Daten mit ihren Ausgängen macht: Gewichte und Aktivierungen quantisiert, wenn die Wahl beides quantisiert, sonst nur die Gewichte.</translation>
  </message>
  <message>
   <source>What to do with the linears that fit</source>
   <translation>Was mit den passenden Schichten geschieht</translation>
  </message>
  <message>
   <source>What-if</source>
   <translation>Probe</translation>
  </message>
  <message>
   <source>What-if: activations of the selected linears in these groups</source>
   <translation>Was wäre wenn: Aktivierungen der ausgewählten Schichten in diesen Gruppen</translation>
  </message>
  <message>
   <source>What-if: int4 by output channel, outlier weights kept exact, the range searched</source>
   <translation>Was wäre wenn: int4 pro Ausgangskanal, Ausreißergewichte exakt, der Bereich gesucht</translation>
  </message>
  <message>
   <source>What-if: the selected linears in int8 with outlier dims in 16 bits</source>
   <translation>Was wäre wenn: die ausgewählten Schichten in int8 mit Ausreißerdimensionen in 16 Bit</translation>
  </message>
  <message>
   <source>Where</source>
   <translation>Wo</translation>
  </message>
  <message>
   <source>Whether S can be folded in, and what that gives</source>
   <translation>Ob S sich falten lässt, und was das bringt</translation>
  </message>
  <message>
   <source>Which activations share one scale, and when it is found</source>
   <translation>Welche Aktivierungen eine Skala teilen, und wann sie bestimmt wird</translation>
  </message>
  <message>
   <source>Which channels</source>
   <translation>Welche Kanäle</translation>
  </message>
  <message>
   <source>Which channels of the activations share one scale</source>
   <translation>Welche Kanäle der Aktivierungen eine Skala teilen</translation>
  </message>
  <message>
   <source>Which choice is ranked</source>
   <translation>Welche Wahl geordnet wird</translation>
  </message>
  <message>
   <source>Which error</source>
   <translation>Welcher Fehler</translation>
  </message>
  <message>
   <source>Which error decides.</source>
   <translation>Welcher Fehler entscheidet.</translation>
  </message>
  <message>
   <source>Which weights share one scale</source>
   <translation>Welche Gewichte eine Skala teilen</translation>
  </message>
  <message>
   <source>While the slider moves: a preview with its interval.</source>
   <translation>Während der Schieber sich bewegt: eine Vorschau mit ihrem Intervall.</translation>
  </message>
  <message>
   <source>Whose output error decides.</source>
   <translation>Wessen Ausgangsfehler entscheidet.</translation>
  </message>
  <message>
   <source>Whose rule for scale and rounding is followed</source>
   <translation>Wessen Regel für Skala und Rundung gilt</translation>
  </message>
  <message>
   <source>Why</source>
   <translation>Warum</translation>
  </message>
  <message>
   <source>Widens the range before it shrinks.</source>
   <translation>Weitet den Bereich, bevor er schrumpft.</translation>
  </message>
  <message>
   <source>Width</source>
   <translation>Breite</translation>
  </message>
  <message>
   <source>Window</source>
   <translation>Fenster</translation>
  </message>
  <message>
   <source>Windows</source>
   <translation>Fenster</translation>
  </message>
  <message>
   <source>Windows appear here as they are scored.</source>
   <translation>Fenster erscheinen hier, sobald sie gezählt sind.</translation>
  </message>
  <message>
   <source>With 16 bit</source>
   <translation>Mit 16 Bit</translation>
  </message>
  <message>
   <source>Without smoothing it is %1.</source>
   <translation>Ohne Glättung sind es %1.</translation>
  </message>
  <message>
   <source>Without the smoothing of the plan:</source>
   <translation>Ohne die Glättung des Plans:</translation>
  </message>
  <message>
   <source>Without this nothing is written while the target cannot express the plan</source>
   <translation>Ohne dies wird nichts geschrieben, solange das Ziel den Plan nicht ausdrücken kann</translation>
  </message>
  <message>
   <source>Without this: every layer under w8a8 per channel</source>
   <translation>Ohne dies: jede Schicht unter w8a8 pro Kanal</translation>
  </message>
  <message>
   <source>Worst error, W8</source>
   <translation>Größter Fehler, W8</translation>
  </message>
  <message>
   <source>Worst layers</source>
   <translation>Schlechteste Schichten</translation>
  </message>
  <message>
   <source>Write &amp;to</source>
   <translation>Schreiben &amp;nach</translation>
  </message>
  <message>
   <source>Write everything measured into one .h5 file that opens without the weights</source>
   <translation>Alles Gemessene in eine .h5-Datei schreiben, die sich ohne die Gewichte öffnen lässt</translation>
  </message>
  <message>
   <source>Write the choice for a range of blocks and some roles</source>
   <translation>Die Wahl für einen Bereich von Blöcken und einige Rollen schreiben</translation>
  </message>
  <message>
   <source>Write the choice for every linear with the same finding</source>
   <translation>Die Wahl für jede Schicht mit demselben Befund schreiben</translation>
  </message>
  <message>
   <source>Write the choice for every quantizable linear</source>
   <translation>Die Wahl für jede quantisierbare Schicht schreiben</translation>
  </message>
  <message>
   <source>Write the choice for this role in all blocks</source>
   <translation>Die Wahl für diese Rolle in allen Blöcken schreiben</translation>
  </message>
  <message>
   <source>Write the choice into the plan for other linears</source>
   <translation>Die Wahl für andere Schichten in den Plan schreiben</translation>
  </message>
  <message>
   <source>Write the choice into the plan for the selected linears; one undo step (Ctrl+Enter)</source>
   <translation>Die Wahl für die ausgewählten Schichten in den Plan schreiben; ein Schritt zum Rückgängigmachen (Strg+Eingabe)</translation>
  </message>
  <message>
   <source>Write the inspector's choice into the plan for the selection</source>
   <translation>Die Wahl des Inspektors für die Auswahl in den Plan schreiben</translation>
  </message>
  <message>
   <source>Write the overview, the worst layers, diagnoses and the plan as one HTML file</source>
   <translation>Die Übersicht, die schlechtesten Schichten, Befunde und den Plan als eine HTML-Datei schreiben</translation>
  </message>
  <message>
   <source>Write the plan for llm-compressor, compressed-tensors and others</source>
   <translation>Den Plan für llm-compressor, compressed-tensors und andere schreiben</translation>
  </message>
  <message>
   <source>Write the smoothing that is tried into the plan for the current group</source>
   <translation>Die ausprobierte Glättung für die aktuelle Gruppe in den Plan schreiben</translation>
  </message>
  <message>
   <source>Write this smoothing into the plan for all readers of the group; one undo step</source>
   <translation>Diese Glättung für alle Leser der Gruppe in den Plan schreiben; ein Schritt zum Rückgängigmachen</translation>
  </message>
  <message>
   <source>Write this smoothing into the plan for other groups</source>
   <translation>Diese Glättung für andere Gruppen in den Plan schreiben</translation>
  </message>
  <message>
   <source>Writes the checked changes into the plan as one undo step</source>
   <translation>Schreibt die angehakten Änderungen als einen Schritt in den Plan</translation>
  </message>
  <message>
   <source>Writing %1</source>
   <translation>%1 wird geschrieben</translation>
  </message>
  <message>
   <source>W·S %1</source>
   <translation>W·S %1</translation>
  </message>
  <message>
   <source>W·S %1 · X/S %2</source>
   <translation>W·S %1 · X/S %2</translation>
  </message>
  <message>
   <source>Zero is code 0; the range is -absmax to absmax</source>
   <translation>Null ist Code 0; der Bereich ist −absmax bis absmax</translation>
  </message>
  <message>
   <source>a pixel always shows the largest weight it covers</source>
   <translation>ein Bildpunkt zeigt immer das größte Gewicht, das er bedeckt</translation>
  </message>
  <message>
   <source>above this range</source>
   <translation>über diesem Bereich</translation>
  </message>
  <message>
   <source>accumulated</source>
   <translation>aufgelaufen</translation>
  </message>
  <message>
   <source>activations %1</source>
   <translation>Aktivierungen %1</translation>
  </message>
  <message>
   <source>after rounding to %1</source>
   <translation>nach Rundung auf %1</translation>
  </message>
  <message>
   <source>all</source>
   <translation>alle</translation>
  </message>
  <message>
   <source>all %1 rows</source>
   <translation>allen %1 Zeilen</translation>
  </message>
  <message>
   <source>all linears of the block</source>
   <translation>alle Schichten des Blocks</translation>
  </message>
  <message>
   <source>all, or 0-2,5</source>
   <translation>alle, oder 0-2,5</translation>
  </message>
  <message>
   <source>alone</source>
   <translation>allein</translation>
  </message>
  <message>
   <source>alpha</source>
   <translation>alpha</translation>
  </message>
  <message>
   <source>alpha %1</source>
   <translation>alpha %1</translation>
  </message>
  <message>
   <source>any</source>
   <translation>beliebig</translation>
  </message>
  <message>
   <source>any or none</source>
   <translation>mit oder ohne</translation>
  </message>
  <message>
   <source>any value</source>
   <translation>beliebiger Wert</translation>
  </message>
  <message>
   <source>as in the plan</source>
   <translation>wie im Plan</translation>
  </message>
  <message>
   <source>as it is</source>
   <translation>wie es ist</translation>
  </message>
  <message>
   <source>as now</source>
   <translation>wie jetzt</translation>
  </message>
  <message>
   <source>at least</source>
   <translation>mindestens</translation>
  </message>
  <message>
   <source>at most</source>
   <translation>höchstens</translation>
  </message>
  <message>
   <source>attention</source>
   <translation>Attention</translation>
  </message>
  <message>
   <source>attention output</source>
   <translation>Attention-Ausgang</translation>
  </message>
  <message>
   <source>attention, second projection</source>
   <translation>Attention, zweite Projektion</translation>
  </message>
  <message>
   <source>became salient</source>
   <translation>wurde salient</translation>
  </message>
  <message>
   <source>before</source>
   <translation>vorher</translation>
  </message>
  <message>
   <source>below this range</source>
   <translation>unter diesem Bereich</translation>
  </message>
  <message>
   <source>beyond %1 σ</source>
   <translation>jenseits von %1 σ</translation>
  </message>
  <message>
   <source>bfloat16: not quantized.</source>
   <translation>bfloat16: nicht quantisiert.</translation>
  </message>
  <message>
   <source>bi-smoothing</source>
   <translation>Bi-Smoothing</translation>
  </message>
  <message>
   <source>bi-smoothing (max)</source>
   <translation>Bi-Smoothing (Max.)</translation>
  </message>
  <message>
   <source>bits</source>
   <translation>Bits</translation>
  </message>
  <message>
   <source>bits of an integer</source>
   <translation>Bits einer ganzen Zahl</translation>
  </message>
  <message>
   <source>bits/weight</source>
   <translation>Bits/Gewicht</translation>
  </message>
  <message>
   <source>block</source>
   <translation>Block</translation>
  </message>
  <message>
   <source>block	expert	tokens</source>
   <translation>block	expert	tokens</translation>
  </message>
  <message>
   <source>block %1</source>
   <translation>Block %1</translation>
  </message>
  <message>
   <source>block %1 %2</source>
   <translation>Block %1 %2</translation>
  </message>
  <message>
   <source>block %1 %2, expert %3</source>
   <translation>Block %1 %2, Experte %3</translation>
  </message>
  <message>
   <source>block %1, expert %2</source>
   <translation>Block %1, Experte %2</translation>
  </message>
  <message>
   <source>block of channels</source>
   <translation>Block von Kanälen</translation>
  </message>
  <message>
   <source>block; share of the dims of two blocks, %</source>
   <translation>Block; Anteil der Dimensionen zweier Blöcke, %</translation>
  </message>
  <message>
   <source>blocks %1 and %2</source>
   <translation>Blöcke %1 und %2</translation>
  </message>
  <message>
   <source>blocks of %1 channels are mixed</source>
   <translation>Blöcke von %1 Kanälen werden gemischt</translation>
  </message>
  <message>
   <source>blocks of %1 columns, ticks above where they meet</source>
   <translation>Blöcke von %1 Spalten, Striche oben, wo sie sich treffen</translation>
  </message>
  <message>
   <source>break point of salience</source>
   <translation>Bruchpunkt der Salienz</translation>
  </message>
  <message>
   <source>break point of |w|</source>
   <translation>Bruchpunkt von |w|</translation>
  </message>
  <message>
   <source>by range (PEG)</source>
   <translation>nach Bereich (PEG)</translation>
  </message>
  <message>
   <source>by window of text</source>
   <translation>nach Textfenster</translation>
  </message>
  <message>
   <source>by |W| before, largest first</source>
   <translation>nach |W| vorher, größte zuerst</translation>
  </message>
  <message>
   <source>calibrated ranges, coloured by group</source>
   <translation>kalibrierte Bereiche, nach Gruppe gefärbt</translation>
  </message>
  <message>
   <source>cancelled</source>
   <translation>abgebrochen</translation>
  </message>
  <message>
   <source>change</source>
   <translation>Änderung</translation>
  </message>
  <message>
   <source>changes</source>
   <translation>Änderungen</translation>
  </message>
  <message>
   <source>channel</source>
   <translation>Kanal</translation>
  </message>
  <message>
   <source>channel	S	|W| max
</source>
   <translation>channel	S	|W| max
</translation>
  </message>
  <message>
   <source>channel	absmax	x_median	gain	rows	error_share	act_absmax	act_median	act_rms</source>
   <translation>channel	absmax	x_median	gain	rows	error_share	act_absmax	act_median	act_rms</translation>
  </message>
  <message>
   <source>channel %1</source>
   <translation>Kanal %1</translation>
  </message>
  <message>
   <source>channel %1, %2</source>
   <translation>Kanal %1, %2</translation>
  </message>
  <message>
   <source>channel %1, block %2</source>
   <translation>Kanal %1, Block %2</translation>
  </message>
  <message>
   <source>channel %1, rank %2</source>
   <translation>Kanal %1, Rang %2</translation>
  </message>
  <message>
   <source>channel %1: %2 × the median</source>
   <translation>Kanal %1: %2 × Median</translation>
  </message>
  <message>
   <source>channel median |x|</source>
   <translation>Kanalmedian |x|</translation>
  </message>
  <message>
   <source>channel number</source>
   <translation>Kanalnummer</translation>
  </message>
  <message>
   <source>channel |x| max</source>
   <translation>Kanal |x| max</translation>
  </message>
  <message>
   <source>channels</source>
   <translation>Kanäle</translation>
  </message>
  <message>
   <source>channels %1: %2 × the median</source>
   <translation>Kanäle %1: %2 × Median</translation>
  </message>
  <message>
   <source>channels in it</source>
   <translation>Kanäle darin</translation>
  </message>
  <message>
   <source>choice</source>
   <translation>Wahl</translation>
  </message>
  <message>
   <source>choice	code	value	weights	share</source>
   <translation>choice	code	value	weights	share</translation>
  </message>
  <message>
   <source>clusters (RPTQ)</source>
   <translation>Cluster (RPTQ)</translation>
  </message>
  <message>
   <source>code</source>
   <translation>Code</translation>
  </message>
  <message>
   <source>code as a share of the largest</source>
   <translation>Code als Anteil des größten</translation>
  </message>
  <message>
   <source>column</source>
   <translation>Spalte</translation>
  </message>
  <message>
   <source>column	error_a	error_b</source>
   <translation>column	error_a	error_b</translation>
  </message>
  <message>
   <source>column sum</source>
   <translation>Spaltensumme</translation>
  </message>
  <message>
   <source>column-normalised: no norm feeds this linear</source>
   <translation>spaltennormiert: keine Norm speist diese Schicht</translation>
  </message>
  <message>
   <source>columns</source>
   <translation>Spalten</translation>
  </message>
  <message>
   <source>columns %1</source>
   <translation>Spalten %1</translation>
  </message>
  <message>
   <source>columns in the order of GPTQ</source>
   <translation>Spalten in der Reihenfolge von GPTQ</translation>
  </message>
  <message>
   <source>columns weigh g² of the norm</source>
   <translation>Spalten wiegen g² der Norm</translation>
  </message>
  <message>
   <source>columns × S</source>
   <translation>Spalten × S</translation>
  </message>
  <message>
   <source>columns, largest score first</source>
   <translation>Spalten, größte Wertung zuerst</translation>
  </message>
  <message>
   <source>columns, most salient first</source>
   <translation>Spalten, salienteste zuerst</translation>
  </message>
  <message>
   <source>computing…</source>
   <translation>wird berechnet…</translation>
  </message>
  <message>
   <source>concentration</source>
   <translation>Konzentration</translation>
  </message>
  <message>
   <source>condition number</source>
   <translation>Konditionszahl</translation>
  </message>
  <message>
   <source>context %1</source>
   <translation>Kontext %1</translation>
  </message>
  <message>
   <source>copy the numbers, the picture</source>
   <translation>Zahlen kopieren, das Bild</translation>
  </message>
  <message>
   <source>curve	%1	error	low	high</source>
   <translation>curve	%1	error	low	high</translation>
  </message>
  <message>
   <source>damping</source>
   <translation>Dämpfung</translation>
  </message>
  <message>
   <source>damping %1</source>
   <translation>Dämpfung %1</translation>
  </message>
  <message>
   <source>damping taken</source>
   <translation>genommene Dämpfung</translation>
  </message>
  <message>
   <source>damping, share of the mean diagonal of H</source>
   <translation>Dämpfung, Anteil der mittleren Diagonale von H</translation>
  </message>
  <message>
   <source>data %1</source>
   <translation>Daten %1</translation>
  </message>
  <message>
   <source>data-free bi-smoothing</source>
   <translation>datenfreies Bi-Smoothing</translation>
  </message>
  <message>
   <source>data-free bi-smoothing (max)</source>
   <translation>datenfreies Bi-Smoothing (Max.)</translation>
  </message>
  <message>
   <source>dead codes</source>
   <translation>tote Codes</translation>
  </message>
  <message>
   <source>dead: always zero on the calibration data</source>
   <translation>tot: auf den Kalibrierdaten immer null</translation>
  </message>
  <message>
   <source>dense</source>
   <translation>dicht</translation>
  </message>
  <message>
   <source>depth</source>
   <translation>Tiefe</translation>
  </message>
  <message>
   <source>depth of the layer in its model</source>
   <translation>Tiefe der Schicht in ihrem Modell</translation>
  </message>
  <message>
   <source>diagonal of H, %1 tokens</source>
   <translation>Diagonale von H, %1 Tokens</translation>
  </message>
  <message>
   <source>dims in both</source>
   <translation>Dimensionen in beiden</translation>
  </message>
  <message>
   <source>drag the line: everything follows</source>
   <translation>Linie ziehen: alles folgt</translation>
  </message>
  <message>
   <source>each linear's own output</source>
   <translation>eigener Ausgang jeder Schicht</translation>
  </message>
  <message>
   <source>emb</source>
   <translation>Emb</translation>
  </message>
  <message>
   <source>embedding, head</source>
   <translation>Embedding, Kopf</translation>
  </message>
  <message>
   <source>energy that is left after 1, 2 and 3 binarizations</source>
   <translation>Energie, die nach 1, 2 und 3 Binarisierungen bleibt</translation>
  </message>
  <message>
   <source>error</source>
   <translation>Fehler</translation>
  </message>
  <message>
   <source>error %1</source>
   <translation>Fehler %1</translation>
  </message>
  <message>
   <source>error A</source>
   <translation>Fehler A</translation>
  </message>
  <message>
   <source>error B</source>
   <translation>Fehler B</translation>
  </message>
  <message>
   <source>error energy, GPTQ</source>
   <translation>Fehlerenergie, GPTQ</translation>
  </message>
  <message>
   <source>error energy, nearest</source>
   <translation>Fehlerenergie, nächster Wert</translation>
  </message>
  <message>
   <source>error of W8 per channel by block and role, measured</source>
   <translation>Fehler von W8 pro Kanal nach Block und Rolle, gemessen</translation>
  </message>
  <message>
   <source>error of rounding to nearest</source>
   <translation>Fehler des Rundens zum nächsten Wert</translation>
  </message>
  <message>
   <source>error of the hidden states behind each block</source>
   <translation>Fehler der verborgenen Zustände hinter jedem Block</translation>
  </message>
  <message>
   <source>error of the weights (needs no data)</source>
   <translation>Fehler der Gewichte (braucht keine Daten)</translation>
  </message>
  <message>
   <source>error share</source>
   <translation>Fehleranteil</translation>
  </message>
  <message>
   <source>error shares column-normalised</source>
   <translation>Fehleranteile spaltennormiert</translation>
  </message>
  <message>
   <source>error shares weighted by g²</source>
   <translation>Fehleranteile mit g² gewichtet</translation>
  </message>
  <message>
   <source>error shares weighted by the energy of X</source>
   <translation>Fehleranteile mit der Energie von X gewichtet</translation>
  </message>
  <message>
   <source>error, exact</source>
   <translation>Fehler, exakt</translation>
  </message>
  <message>
   <source>error, preview</source>
   <translation>Fehler, Vorschau</translation>
  </message>
  <message>
   <source>error: %1</source>
   <translation>Fehler: %1</translation>
  </message>
  <message>
   <source>errors are not measured at this threshold</source>
   <translation>bei dieser Schwelle sind Fehler nicht gemessen</translation>
  </message>
  <message>
   <source>exact</source>
   <translation>exakt</translation>
  </message>
  <message>
   <source>exact over %1 tokens</source>
   <translation>exakt über %1 Tokens</translation>
  </message>
  <message>
   <source>exact ≥ </source>
   <translation>exakt ≥ </translation>
  </message>
  <message>
   <source>exact, %1 points</source>
   <translation>exakt, %1 Punkte</translation>
  </message>
  <message>
   <source>exact, %1 points × 2 methods</source>
   <translation>exakt, %1 Punkte × 2 Methoden</translation>
  </message>
  <message>
   <source>exact, all %1 weights</source>
   <translation>exakt, alle %1 Gewichte</translation>
  </message>
  <message>
   <source>exact, from the weights alone</source>
   <translation>exakt, allein aus den Gewichten</translation>
  </message>
  <message>
   <source>exact, no data: g of the norm; o, down by column</source>
   <translation>exakt, ohne Daten: g der Norm; o, down nach Spalten</translation>
  </message>
  <message>
   <source>exact, of the weights; does not depend on the choice</source>
   <translation>exakt, der Gewichte; hängt nicht von der Wahl ab</translation>
  </message>
  <message>
   <source>exp of the mean −ln p: model as it is → under the plan</source>
   <translation>exp des mittleren −ln p: Modell, wie es ist → unter dem Plan</translation>
  </message>
  <message>
   <source>expert</source>
   <translation>Experte</translation>
  </message>
  <message>
   <source>expert %1</source>
   <translation>Experte %1</translation>
  </message>
  <message>
   <source>experts</source>
   <translation>Experten</translation>
  </message>
  <message>
   <source>failed tries</source>
   <translation>gescheiterte Versuche</translation>
  </message>
  <message>
   <source>failed: %1</source>
   <translation>fehlgeschlagen: %1</translation>
  </message>
  <message>
   <source>few columns set its scales, yet under the target</source>
   <translation>wenige Spalten bestimmen ihre Skalen, doch unter dem Ziel</translation>
  </message>
  <message>
   <source>fewest layers: %1 changed</source>
   <translation>wenigste Schichten: %1 geändert</translation>
  </message>
  <message>
   <source>finished</source>
   <translation>fertig</translation>
  </message>
  <message>
   <source>first channel	last channel	salient columns	break point</source>
   <translation>erster Kanal	letzter Kanal	saliente Spalten	Bruchpunkt</translation>
  </message>
  <message>
   <source>fold	%1</source>
   <translation>fold	%1</translation>
  </message>
  <message>
   <source>foldable, error ÷ %1</source>
   <translation>faltbar, Fehler ÷ %1</translation>
  </message>
  <message>
   <source>foldable, little to gain</source>
   <translation>faltbar, wenig zu gewinnen</translation>
  </message>
  <message>
   <source>foldable, not measured</source>
   <translation>faltbar, nicht gemessen</translation>
  </message>
  <message>
   <source>format</source>
   <translation>Format</translation>
  </message>
  <message>
   <source>forward pass: no</source>
   <translation>Vorwärtslauf: nein</translation>
  </message>
  <message>
   <source>forward pass: yes</source>
   <translation>Vorwärtslauf: ja</translation>
  </message>
  <message>
   <source>fp4 in groups of 16 with an fp8_e4m3 scale and one float32 per tensor.</source>
   <translation>fp4 in Gruppen von 16 mit einer fp8_e4m3-Skala und einem float32 pro Tensor.</translation>
  </message>
  <message>
   <source>fraction</source>
   <translation>Anteil</translation>
  </message>
  <message>
   <source>from %1 tokens</source>
   <translation>aus %1 Tokens</translation>
  </message>
  <message>
   <source>full: every token is predicted once</source>
   <translation>full: jedes Token wird einmal vorhergesagt</translation>
  </message>
  <message>
   <source>g</source>
   <translation>g</translation>
  </message>
  <message>
   <source>group</source>
   <translation>Gruppe</translation>
  </message>
  <message>
   <source>group %1</source>
   <translation>Gruppe %1</translation>
  </message>
  <message>
   <source>group %1 in channel</source>
   <translation>Gruppe %1 im Kanal</translation>
  </message>
  <message>
   <source>group %1 of %2</source>
   <translation>Gruppe %1 von %2</translation>
  </message>
  <message>
   <source>group in channel</source>
   <translation>Gruppe im Kanal</translation>
  </message>
  <message>
   <source>group size</source>
   <translation>Gruppengröße</translation>
  </message>
  <message>
   <source>group, dynamic</source>
   <translation>Gruppe, dynamisch</translation>
  </message>
  <message>
   <source>group, static</source>
   <translation>Gruppe, statisch</translation>
  </message>
  <message>
   <source>groups in order</source>
   <translation>Gruppen der Reihe nach</translation>
  </message>
  <message>
   <source>groups inside every head of %1 channels</source>
   <translation>Gruppen in jedem Kopf von %1 Kanälen</translation>
  </message>
  <message>
   <source>groups of 128</source>
   <translation>Gruppen von 128</translation>
  </message>
  <message>
   <source>groups of 32</source>
   <translation>Gruppen von 32</translation>
  </message>
  <message>
   <source>has a finding</source>
   <translation>hat einen Befund</translation>
  </message>
  <message>
   <source>head</source>
   <translation>Kopf</translation>
  </message>
  <message>
   <source>heavy tails</source>
   <translation>schwere Ränder</translation>
  </message>
  <message>
   <source>holds NaN or infinite values</source>
   <translation>enthält NaN oder unendliche Werte</translation>
  </message>
  <message>
   <source>ignore %1</source>
   <translation>%1 ausnehmen</translation>
  </message>
  <message>
   <source>in 16 bits</source>
   <translation>in 16 Bit</translation>
  </message>
  <message>
   <source>in either</source>
   <translation>in einem von beiden</translation>
  </message>
  <message>
   <source>in the model</source>
   <translation>im Modell</translation>
  </message>
  <message>
   <source>in the window</source>
   <translation>im Fenster</translation>
  </message>
  <message>
   <source>input channel</source>
   <translation>Eingangskanal</translation>
  </message>
  <message>
   <source>input channel %1</source>
   <translation>Eingangskanal %1</translation>
  </message>
  <message>
   <source>input channel %1, rank %2</source>
   <translation>Eingangskanal %1, Rang %2</translation>
  </message>
  <message>
   <source>input channel %1, taken as %2</source>
   <translation>Eingangskanal %1, genommen als %2</translation>
  </message>
  <message>
   <source>input channels, largest |x| first</source>
   <translation>Eingangskanäle, größtes |x| zuerst</translation>
  </message>
  <message>
   <source>inputs of %1</source>
   <translation>Eingänge von %1</translation>
  </message>
  <message>
   <source>int8</source>
   <translation>int8</translation>
  </message>
  <message>
   <source>keep 16 bit</source>
   <translation>16 Bit behalten</translation>
  </message>
  <message>
   <source>largest</source>
   <translation>größtes</translation>
  </message>
  <message>
   <source>largest %1 of %2 × %3 elements a cell</source>
   <translation>größtes %1 von %2 × %3 Elementen pro Zelle</translation>
  </message>
  <message>
   <source>largest value of the channel</source>
   <translation>größter Wert des Kanals</translation>
  </message>
  <message>
   <source>largest value, log</source>
   <translation>größter Wert, log</translation>
  </message>
  <message>
   <source>largest |x| not known</source>
   <translation>größtes |x| nicht bekannt</translation>
  </message>
  <message>
   <source>largest |x| of a channel</source>
   <translation>größtes |x| eines Kanals</translation>
  </message>
  <message>
   <source>layer, in network order</source>
   <translation>Schicht, in Netzreihenfolge</translation>
  </message>
  <message>
   <source>linear</source>
   <translation>Schicht</translation>
  </message>
  <message>
   <source>linear	side	channel	absmax	x_median	gain	act_absmax</source>
   <translation>linear	side	channel	absmax	x_median	gain	act_absmax</translation>
  </message>
  <message>
   <source>linear selected</source>
   <translation>Schicht ausgewählt</translation>
  </message>
  <message>
   <source>linears</source>
   <translation>Schichten</translation>
  </message>
  <message>
   <source>linears selected</source>
   <translation>Schichten ausgewählt</translation>
  </message>
  <message>
   <source>llama.cpp: 16 groups of 16 codes, scales of 8 bits.</source>
   <translation>llama.cpp: 16 Gruppen von 16 Codes, Skalen mit 8 Bit.</translation>
  </message>
  <message>
   <source>llama.cpp: 32 codes of 4 bits with an fp16 scale.</source>
   <translation>llama.cpp: 32 Codes mit 4 Bit und einer fp16-Skala.</translation>
  </message>
  <message>
   <source>llama.cpp: 32 codes of 4 bits with fp16 scale and minimum.</source>
   <translation>llama.cpp: 32 Codes mit 4 Bit, Skala und Minimum in fp16.</translation>
  </message>
  <message>
   <source>llama.cpp: 32 codes of 5 bits with an fp16 scale.</source>
   <translation>llama.cpp: 32 Codes mit 5 Bit und einer fp16-Skala.</translation>
  </message>
  <message>
   <source>llama.cpp: 32 codes of 5 bits with fp16 scale and minimum.</source>
   <translation>llama.cpp: 32 Codes mit 5 Bit, Skala und Minimum in fp16.</translation>
  </message>
  <message>
   <source>llama.cpp: 32 signed integers with an fp16 scale.</source>
   <translation>llama.cpp: 32 Ganzzahlen mit Vorzeichen und einer fp16-Skala.</translation>
  </message>
  <message>
   <source>llama.cpp: 8 groups of 32 codes, scales and minima of 6 bits.</source>
   <translation>llama.cpp: 8 Gruppen von 32 Codes, Skalen und Minima mit 6 Bit.</translation>
  </message>
  <message>
   <source>llama.cpp: second half of every window</source>
   <translation>llama.cpp: zweite Hälfte jedes Fensters</translation>
  </message>
  <message>
   <source>llm-compressor</source>
   <translation>llm-compressor</translation>
  </message>
  <message>
   <source>lock %1</source>
   <translation>%1 sperren</translation>
  </message>
  <message>
   <source>locked, or fused with a locked one</source>
   <translation>gesperrt, oder mit einer gesperrten verschmolzen</translation>
  </message>
  <message>
   <source>log scale, exact, all weights</source>
   <translation>Log-Skala, exakt, alle Gewichte</translation>
  </message>
  <message>
   <source>looking…</source>
   <translation>wird angesehen…</translation>
  </message>
  <message>
   <source>loss, GPTQ</source>
   <translation>Verlust, GPTQ</translation>
  </message>
  <message>
   <source>loss, nearest</source>
   <translation>Verlust, nächster Wert</translation>
  </message>
  <message>
   <source>matrix: next mode, group boundaries</source>
   <translation>Matrix: nächster Modus, Gruppengrenzen</translation>
  </message>
  <message>
   <source>max</source>
   <translation>max</translation>
  </message>
  <message>
   <source>max %1</source>
   <translation>max %1</translation>
  </message>
  <message>
   <source>max − min of X and 2 max|W|, as llm-compressor computes it</source>
   <translation>max − min von X und 2 max|W|, wie llm-compressor es berechnet</translation>
  </message>
  <message>
   <source>max|X| and max|W|, as in the SmoothQuant paper and its code</source>
   <translation>max|X| und max|W|, wie in der SmoothQuant-Arbeit und ihrem Code</translation>
  </message>
  <message>
   <source>mean</source>
   <translation>Mittel</translation>
  </message>
  <message>
   <source>mean KL	%1</source>
   <translation>mean KL	%1</translation>
  </message>
  <message>
   <source>mean of x² of %1 tokens</source>
   <translation>Mittel von x² über %1 Tokens</translation>
  </message>
  <message>
   <source>measuring</source>
   <translation>wird gemessen</translation>
  </message>
  <message>
   <source>measuring, %1 %</source>
   <translation>wird gemessen, %1 %</translation>
  </message>
  <message>
   <source>measuring…</source>
   <translation>wird gemessen…</translation>
  </message>
  <message>
   <source>median</source>
   <translation>Median</translation>
  </message>
  <message>
   <source>method	alpha	error	low	high	w	a	clamped	dead</source>
   <translation>method	alpha	error	low	high	w	a	clamped	dead</translation>
  </message>
  <message>
   <source>metric</source>
   <translation>Maß</translation>
  </message>
  <message>
   <source>metric	a	b	better</source>
   <translation>metric	a	b	better</translation>
  </message>
  <message>
   <source>mm</source>
   <translation>mm</translation>
  </message>
  <message>
   <source>model	layer	name	error</source>
   <translation>model	layer	name	error</translation>
  </message>
  <message>
   <source>model found on this machine</source>
   <translation>Modell auf dieser Maschine gefunden</translation>
  </message>
  <message>
   <source>models found on this machine</source>
   <translation>Modelle auf dieser Maschine gefunden</translation>
  </message>
  <message>
   <source>move the cursor, select</source>
   <translation>Cursor bewegen, auswählen</translation>
  </message>
  <message>
   <source>moved by earlier columns; energy of the input</source>
   <translation>von früheren Spalten verschoben; Energie des Eingangs</translation>
  </message>
  <message>
   <source>n, standard deviations</source>
   <translation>n, Standardabweichungen</translation>
  </message>
  <message>
   <source>nearest</source>
   <translation>nächster Wert</translation>
  </message>
  <message>
   <source>nf4 with its scales quantized again to 8 bits (QLoRA).</source>
   <translation>nf4, dessen Skalen noch einmal auf 8 Bit quantisiert sind (QLoRA).</translation>
  </message>
  <message>
   <source>nll after</source>
   <translation>nll after</translation>
  </message>
  <message>
   <source>nll before</source>
   <translation>nll before</translation>
  </message>
  <message>
   <source>no OpenGL context can be made</source>
   <translation>es lässt sich kein OpenGL-Kontext erzeugen</translation>
  </message>
  <message>
   <source>no activations</source>
   <translation>keine Aktivierungen</translation>
  </message>
  <message>
   <source>no activations yet</source>
   <translation>noch keine Aktivierungen</translation>
  </message>
  <message>
   <source>no activations: calibrate it first</source>
   <translation>keine Aktivierungen: erst kalibrieren</translation>
  </message>
  <message>
   <source>no data</source>
   <translation>keine Daten</translation>
  </message>
  <message>
   <source>no group size is enough; try smoothing</source>
   <translation>keine Gruppengröße reicht; Glättung versuchen</translation>
  </message>
  <message>
   <source>no models in %1</source>
   <translation>keine Modelle in %1</translation>
  </message>
  <message>
   <source>no outliers</source>
   <translation>keine Ausreißer</translation>
  </message>
  <message>
   <source>no rotations</source>
   <translation>keine Rotationen</translation>
  </message>
  <message>
   <source>no second moment was within the memory budget</source>
   <translation>kein zweites Moment war im Speicherbudget</translation>
  </message>
  <message>
   <source>no smoothing</source>
   <translation>keine Glättung</translation>
  </message>
  <message>
   <source>no tokenizer</source>
   <translation>kein Tokenizer</translation>
  </message>
  <message>
   <source>none</source>
   <translation>keine</translation>
  </message>
  <message>
   <source>none → α %1</source>
   <translation>keine → α %1</translation>
  </message>
  <message>
   <source>none, folded</source>
   <translation>keine, gefaltet</translation>
  </message>
  <message>
   <source>norm g</source>
   <translation>Norm g</translation>
  </message>
  <message>
   <source>norm gains</source>
   <translation>Norm-Gains</translation>
  </message>
  <message>
   <source>norm gains %1</source>
   <translation>Norm-Gains %1</translation>
  </message>
  <message>
   <source>norm weight g</source>
   <translation>Normgewicht g</translation>
  </message>
  <message>
   <source>norm weight |g|</source>
   <translation>Normgewicht |g|</translation>
  </message>
  <message>
   <source>norm-weighted</source>
   <translation>normgewichtet</translation>
  </message>
  <message>
   <source>norm-weighted error</source>
   <translation>normgewichteter Fehler</translation>
  </message>
  <message>
   <source>not counted</source>
   <translation>nicht gezählt</translation>
  </message>
  <message>
   <source>not counted: the kept second moments are too large to read again</source>
   <translation>nicht gezählt: die aufbewahrten zweiten Momente sind zu groß, um sie noch einmal zu lesen</translation>
  </message>
  <message>
   <source>not decided</source>
   <translation>nicht entschieden</translation>
  </message>
  <message>
   <source>not finished</source>
   <translation>nicht fertig</translation>
  </message>
  <message>
   <source>not finite</source>
   <translation>nicht endlich</translation>
  </message>
  <message>
   <source>not foldable: %1</source>
   <translation>nicht faltbar: %1</translation>
  </message>
  <message>
   <source>not measured</source>
   <translation>nicht gemessen</translation>
  </message>
  <message>
   <source>not measured yet</source>
   <translation>noch nicht gemessen</translation>
  </message>
  <message>
   <source>not possible</source>
   <translation>nicht möglich</translation>
  </message>
  <message>
   <source>not possible: %1</source>
   <translation>nicht möglich: %1</translation>
  </message>
  <message>
   <source>not rotated</source>
   <translation>nicht rotiert</translation>
  </message>
  <message>
   <source>not salient</source>
   <translation>nicht salient</translation>
  </message>
  <message>
   <source>nothing selected</source>
   <translation>nichts ausgewählt</translation>
  </message>
  <message>
   <source>now: %1</source>
   <translation>jetzt: %1</translation>
  </message>
  <message>
   <source>number format</source>
   <translation>Zahlenformat</translation>
  </message>
  <message>
   <source>of %1; the selected ones differ</source>
   <translation>von %1; die ausgewählten unterscheiden sich</translation>
  </message>
  <message>
   <source>of a Gaussian row</source>
   <translation>einer normalverteilten Zeile</translation>
  </message>
  <message>
   <source>of a fair share</source>
   <translation>eines gleichen Anteils</translation>
  </message>
  <message>
   <source>of channels</source>
   <translation>der Kanäle</translation>
  </message>
  <message>
   <source>of energy</source>
   <translation>der Energie</translation>
  </message>
  <message>
   <source>of error</source>
   <translation>des Fehlers</translation>
  </message>
  <message>
   <source>of the plan; float32 scales and zero points included</source>
   <translation>des Plans; float32-Skalen und Nullpunkte eingeschlossen</translation>
  </message>
  <message>
   <source>of weights</source>
   <translation>der Gewichte</translation>
  </message>
  <message>
   <source>on the ignore list: kept as stored</source>
   <translation>auf der Ausnahmeliste: bleibt, wie gespeichert</translation>
  </message>
  <message>
   <source>one cell a value</source>
   <translation>ein Feld pro Wert</translation>
  </message>
  <message>
   <source>one cell a weight</source>
   <translation>ein Feld pro Gewicht</translation>
  </message>
  <message>
   <source>one channel in all blocks: next quantity</source>
   <translation>ein Kanal in allen Blöcken: nächste Größe</translation>
  </message>
  <message>
   <source>one range</source>
   <translation>ein Bereich</translation>
  </message>
  <message>
   <source>one range for all channels</source>
   <translation>ein Bereich für alle Kanäle</translation>
  </message>
  <message>
   <source>one range for all channels: error of X %1</source>
   <translation>ein Bereich für alle Kanäle: Fehler von X %1</translation>
  </message>
  <message>
   <source>only statistics are open, and they do not know this choice</source>
   <translation>offen ist nur Statistik, und sie kennt diese Wahl nicht</translation>
  </message>
  <message>
   <source>open in matrix and channels</source>
   <translation>in Matrix und Kanälen öffnen</translation>
  </message>
  <message>
   <source>optimum: %1</source>
   <translation>Optimum: %1</translation>
  </message>
  <message>
   <source>order</source>
   <translation>Ordnung</translation>
  </message>
  <message>
   <source>order 1, 2, 3 (filled: used)</source>
   <translation>Ordnung 1, 2, 3 (gefüllt: benutzt)</translation>
  </message>
  <message>
   <source>outlier dims</source>
   <translation>Ausreißerdimensionen</translation>
  </message>
  <message>
   <source>output channel</source>
   <translation>Ausgangskanal</translation>
  </message>
  <message>
   <source>output channel %1</source>
   <translation>Ausgangskanal %1</translation>
  </message>
  <message>
   <source>output channel %1, rank %2</source>
   <translation>Ausgangskanal %1, Rang %2</translation>
  </message>
  <message>
   <source>output error</source>
   <translation>Ausgangsfehler</translation>
  </message>
  <message>
   <source>output error W+A of %1</source>
   <translation>Ausgangsfehler W+A von %1</translation>
  </message>
  <message>
   <source>output error of %1 readers together, %2</source>
   <translation>Ausgangsfehler von %1 Lesern zusammen, %2</translation>
  </message>
  <message>
   <source>output error of %1 together, %2</source>
   <translation>Ausgangsfehler von %1 zusammen, %2</translation>
  </message>
  <message>
   <source>output error of %1, %2</source>
   <translation>Ausgangsfehler von %1, %2</translation>
  </message>
  <message>
   <source>output error of %1, activations %2</source>
   <translation>Ausgangsfehler von %1, Aktivierungen %2</translation>
  </message>
  <message>
   <source>output error of %1, weights only</source>
   <translation>Ausgangsfehler von %1, nur Gewichte</translation>
  </message>
  <message>
   <source>output error of the first reader, activations alone in int8 by token</source>
   <translation>Ausgabefehler des ersten Lesers, nur die Aktivierungen in int8 je Token</translation>
  </message>
  <message>
   <source>output error, weights and activations quantized</source>
   <translation>Ausgangsfehler, Gewichte und Aktivierungen quantisiert</translation>
  </message>
  <message>
   <source>output error, weights quantized</source>
   <translation>Ausgangsfehler, Gewichte quantisiert</translation>
  </message>
  <message>
   <source>output of the block</source>
   <translation>Ausgang des Blocks</translation>
  </message>
  <message>
   <source>output or input channel: %1 changed</source>
   <translation>Ausgangs- oder Eingangskanal: %1 geändert</translation>
  </message>
  <message>
   <source>output, W</source>
   <translation>Ausgang, W</translation>
  </message>
  <message>
   <source>output, W + A</source>
   <translation>Ausgang, W + A</translation>
  </message>
  <message>
   <source>output\input</source>
   <translation>output\input</translation>
  </message>
  <message>
   <source>own error</source>
   <translation>eigener Fehler</translation>
  </message>
  <message>
   <source>part</source>
   <translation>Teil</translation>
  </message>
  <message>
   <source>parts of the weights</source>
   <translation>Teile der Gewichte</translation>
  </message>
  <message>
   <source>paused</source>
   <translation>angehalten</translation>
  </message>
  <message>
   <source>per input channel</source>
   <translation>pro Eingangskanal</translation>
  </message>
  <message>
   <source>per output channel</source>
   <translation>pro Ausgangskanal</translation>
  </message>
  <message>
   <source>perplexity after	%1</source>
   <translation>perplexity after	%1</translation>
  </message>
  <message>
   <source>perplexity before	%1</source>
   <translation>perplexity before	%1</translation>
  </message>
  <message>
   <source>picture.png</source>
   <translation>bild.png</translation>
  </message>
  <message>
   <source>pinned: %1</source>
   <translation>angeheftet: %1</translation>
  </message>
  <message>
   <source>pixel %1</source>
   <translation>Bildpunkt %1</translation>
  </message>
  <message>
   <source>pixel: largest %1 it covers</source>
   <translation>Bildpunkt: größtes %1, das er bedeckt</translation>
  </message>
  <message>
   <source>pixel: largest change it covers, below 0 where B is nearer</source>
   <translation>Bildpunkt: größte Änderung, die er bedeckt, unter 0, wo B näher ist</translation>
  </message>
  <message>
   <source>pixel: largest error it covers</source>
   <translation>Bildpunkt: größter Fehler, den er bedeckt</translation>
  </message>
  <message>
   <source>pixel: mean of what it covers</source>
   <translation>Bildpunkt: Mittel dessen, was er bedeckt</translation>
  </message>
  <message>
   <source>place in the order of the groups</source>
   <translation>Platz in der Reihenfolge der Gruppen</translation>
  </message>
  <message>
   <source>plan for %1 · %2</source>
   <translation>Plan für %1 · %2</translation>
  </message>
  <message>
   <source>plan table: edit the choice</source>
   <translation>Plantabelle: die Wahl bearbeiten</translation>
  </message>
  <message>
   <source>possible: one linear in front, %1 readers</source>
   <translation>möglich: eine Schicht davor, %1 Leser</translation>
  </message>
  <message>
   <source>possible: one linear in front, one reader</source>
   <translation>möglich: eine Schicht davor, ein Leser</translation>
  </message>
  <message>
   <source>possible: one linear in front; query heads of a key/value head share S</source>
   <translation>möglich: eine Schicht davor; Query-Köpfe eines Key/Value-Kopfes teilen S</translation>
  </message>
  <message>
   <source>possible: one norm, %1 readers, no other use of this norm</source>
   <translation>möglich: eine Norm, %1 Leser, keine andere Verwendung dieser Norm</translation>
  </message>
  <message>
   <source>possible: one norm, one reader, no other use of this norm</source>
   <translation>möglich: eine Norm, ein Leser, keine andere Verwendung dieser Norm</translation>
  </message>
  <message>
   <source>predictions	%1</source>
   <translation>predictions	%1</translation>
  </message>
  <message>
   <source>preview</source>
   <translation>Vorschau</translation>
  </message>
  <message>
   <source>preview: largest of %1</source>
   <translation>Vorschau: größtes von %1</translation>
  </message>
  <message>
   <source>px</source>
   <translation>px</translation>
  </message>
  <message>
   <source>qloupe analyze for this model</source>
   <translation>qloupe analyze für dieses Modell</translation>
  </message>
  <message>
   <source>qloupe diagnose for this model</source>
   <translation>qloupe diagnose für dieses Modell</translation>
  </message>
  <message>
   <source>qloupe error for the selection and its choices</source>
   <translation>qloupe error für die Auswahl und ihre Wahlen</translation>
  </message>
  <message>
   <source>qloupe plan set with the choice shown, for the selection</source>
   <translation>qloupe plan set mit der gezeigten Wahl, für die Auswahl</translation>
  </message>
  <message>
   <source>qloupe salience for the selection, with the definition and damping of the page</source>
   <translation>qloupe salience für die Auswahl, mit Definition und Dämpfung der Seite</translation>
  </message>
  <message>
   <source>qloupe stats for this model</source>
   <translation>qloupe stats für dieses Modell</translation>
  </message>
  <message>
   <source>quantity	role	block	linear	side	channel	value	x_median</source>
   <translation>quantity	role	block	linear	side	channel	value	x_median</translation>
  </message>
  <message>
   <source>quantize %1</source>
   <translation>%1 quantisieren</translation>
  </message>
  <message>
   <source>r is the largest magnitude of a channel: the same as SmoothQuant</source>
   <translation>r ist der größte Betrag eines Kanals: dasselbe wie SmoothQuant</translation>
  </message>
  <message>
   <source>r is the median magnitude of a channel</source>
   <translation>r ist der mediane Betrag eines Kanals</translation>
  </message>
  <message>
   <source>rank</source>
   <translation>Rang</translation>
  </message>
  <message>
   <source>rank	channel	w_absmax	x_absmax	s	ws_absmax	xs_absmax</source>
   <translation>rank	channel	w_absmax	x_absmax	s	ws_absmax	xs_absmax</translation>
  </message>
  <message>
   <source>rank %1</source>
   <translation>Rang %1</translation>
  </message>
  <message>
   <source>rank by |W| before</source>
   <translation>Rang nach |W| vorher</translation>
  </message>
  <message>
   <source>rank, each curve by itself</source>
   <translation>Rang, jede Kurve für sich</translation>
  </message>
  <message>
   <source>ratio</source>
   <translation>Verhältnis</translation>
  </message>
  <message>
   <source>regular expression, for example .*(q|k)_proj</source>
   <translation>regulärer Ausdruck, zum Beispiel .*(q|k)_proj</translation>
  </message>
  <message>
   <source>relative Frobenius error</source>
   <translation>relativer Frobeniusfehler</translation>
  </message>
  <message>
   <source>restored edits</source>
   <translation>wiederhergestellte Änderungen</translation>
  </message>
  <message>
   <source>rms</source>
   <translation>rms</translation>
  </message>
  <message>
   <source>rms error, GPTQ</source>
   <translation>quadr. Mittel des Fehlers, GPTQ</translation>
  </message>
  <message>
   <source>rms update</source>
   <translation>quadr. Mittel der Anpassung</translation>
  </message>
  <message>
   <source>root mean squares</source>
   <translation>quadratische Mittel</translation>
  </message>
  <message>
   <source>rotated</source>
   <translation>rotiert</translation>
  </message>
  <message>
   <source>rotated, without the gain of the norm in front</source>
   <translation>rotiert, ohne den Faktor der Norm davor</translation>
  </message>
  <message>
   <source>rotations: %1</source>
   <translation>Rotationen: %1</translation>
  </message>
  <message>
   <source>row</source>
   <translation>Zeile</translation>
  </message>
  <message>
   <source>row	column	error_a	error_b	change</source>
   <translation>row	column	error_a	error_b	change</translation>
  </message>
  <message>
   <source>row	column	w</source>
   <translation>row	column	w</translation>
  </message>
  <message>
   <source>row	error_a	error_b</source>
   <translation>row	error_a	error_b</translation>
  </message>
  <message>
   <source>row, col</source>
   <translation>Zeile, Spalte</translation>
  </message>
  <message>
   <source>rows</source>
   <translation>Zeilen</translation>
  </message>
  <message>
   <source>rows it scales</source>
   <translation>skalierte Zeilen</translation>
  </message>
  <message>
   <source>rows × 1/S</source>
   <translation>Zeilen × 1/S</translation>
  </message>
  <message>
   <source>running</source>
   <translation>läuft</translation>
  </message>
  <message>
   <source>safetensors, index.json, statistics .h5, plan .json</source>
   <translation>safetensors, index.json, Statistik .h5, Plan .json</translation>
  </message>
  <message>
   <source>salience</source>
   <translation>Salienz</translation>
  </message>
  <message>
   <source>salience of a column</source>
   <translation>Salienz einer Spalte</translation>
  </message>
  <message>
   <source>salient</source>
   <translation>salient</translation>
  </message>
  <message>
   <source>salient in it</source>
   <translation>salient darin</translation>
  </message>
  <message>
   <source>salient in its block</source>
   <translation>salient in seinem Block</translation>
  </message>
  <message>
   <source>salient: binarized twice</source>
   <translation>salient: zweimal binarisiert</translation>
  </message>
  <message>
   <source>same top token	%1</source>
   <translation>same top token	%1</translation>
  </message>
  <message>
   <source>sample of %1 tokens</source>
   <translation>Stichprobe von %1 Tokens</translation>
  </message>
  <message>
   <source>sampled</source>
   <translation>Stichprobe</translation>
  </message>
  <message>
   <source>sampled, %1 weights</source>
   <translation>Stichprobe, %1 Gewichte</translation>
  </message>
  <message>
   <source>scales float32</source>
   <translation>Skalen float32</translation>
  </message>
  <message>
   <source>scheme</source>
   <translation>Schema</translation>
  </message>
  <message>
   <source>score</source>
   <translation>Wertung</translation>
  </message>
  <message>
   <source>score of each column when its block had its turn</source>
   <translation>Wertung jeder Spalte, als ihr Block an der Reihe war</translation>
  </message>
  <message>
   <source>second moment of %1 tokens</source>
   <translation>zweites Moment von %1 Tokens</translation>
  </message>
  <message>
   <source>select, add, extend</source>
   <translation>auswählen, dazunehmen, erweitern</translation>
  </message>
  <message>
   <source>sets scale of</source>
   <translation>bestimmt Skala von</translation>
  </message>
  <message>
   <source>shape</source>
   <translation>Form</translation>
  </message>
  <message>
   <source>shard</source>
   <translation>Shard</translation>
  </message>
  <message>
   <source>shards</source>
   <translation>Shards</translation>
  </message>
  <message>
   <source>share</source>
   <translation>Anteil</translation>
  </message>
  <message>
   <source>share of channels over the threshold, by block</source>
   <translation>Anteil der Kanäle über der Schwelle, nach Block</translation>
  </message>
  <message>
   <source>share of the total so far</source>
   <translation>Anteil an der Summe bisher</translation>
  </message>
  <message>
   <source>share of the weights</source>
   <translation>Anteil der Gewichte</translation>
  </message>
  <message>
   <source>share so far</source>
   <translation>Anteil bisher</translation>
  </message>
  <message>
   <source>size </source>
   <translation>Größe </translation>
  </message>
  <message>
   <source>smallest</source>
   <translation>kleinstes</translation>
  </message>
  <message>
   <source>smallest value of the channel</source>
   <translation>kleinster Wert des Kanals</translation>
  </message>
  <message>
   <source>smoothing group</source>
   <translation>Glättungsgruppe</translation>
  </message>
  <message>
   <source>so far</source>
   <translation>bisher</translation>
  </message>
  <message>
   <source>sparse</source>
   <translation>dünn</translation>
  </message>
  <message>
   <source>standard deviations</source>
   <translation>Standardabweichungen</translation>
  </message>
  <message>
   <source>standard error	%1</source>
   <translation>standard error	%1</translation>
  </message>
  <message>
   <source>statistics only, weights not needed</source>
   <translation>nur Statistik, Gewichte nicht nötig</translation>
  </message>
  <message>
   <source>steps</source>
   <translation>Schritte</translation>
  </message>
  <message>
   <source>stored: largest of %1</source>
   <translation>gespeichert: größtes von %1</translation>
  </message>
  <message>
   <source>sum of |w| of a column</source>
   <translation>Summe von |w| einer Spalte</translation>
  </message>
  <message>
   <source>sum over rows of (Q(W) − W)²</source>
   <translation>Summe über Zeilen von (Q(W) − W)²</translation>
  </message>
  <message>
   <source>taken as</source>
   <translation>genommen als</translation>
  </message>
  <message>
   <source>target %1</source>
   <translation>Ziel %1</translation>
  </message>
  <message>
   <source>tensor</source>
   <translation>Tensor</translation>
  </message>
  <message>
   <source>tensor, dynamic</source>
   <translation>Tensor, dynamisch</translation>
  </message>
  <message>
   <source>tensor, static</source>
   <translation>Tensor, statisch</translation>
  </message>
  <message>
   <source>the %1 platform has no OpenGL</source>
   <translation>die Plattform %1 hat kein OpenGL</translation>
  </message>
  <message>
   <source>the activations at hand do not cover this linear</source>
   <translation>die vorhandenen Aktivierungen decken diese Schicht nicht ab</translation>
  </message>
  <message>
   <source>the folder does not exist</source>
   <translation>den Ordner gibt es nicht</translation>
  </message>
  <message>
   <source>the format's own groups</source>
   <translation>die eigenen Gruppen des Formats</translation>
  </message>
  <message>
   <source>the model's, at most 2,048</source>
   <translation>das des Modells, höchstens 2.048</translation>
  </message>
  <message>
   <source>the output of the attention and of the MLP, on text</source>
   <translation>der Ausgang von Attention und MLP, auf Text</translation>
  </message>
  <message>
   <source>the same numbers as a table</source>
   <translation>dieselben Zahlen als Tabelle</translation>
  </message>
  <message>
   <source>the tinted 1 % (%1) hold %2</source>
   <translation>das getönte 1 % (%1) hält %2</translation>
  </message>
  <message>
   <source>the weights alone</source>
   <translation>die Gewichte allein</translation>
  </message>
  <message>
   <source>there are no activations: calibrate on text, or import them</source>
   <translation>es gibt keine Aktivierungen: auf Text kalibrieren oder importieren</translation>
  </message>
  <message>
   <source>this block alone</source>
   <translation>dieser Block allein</translation>
  </message>
  <message>
   <source>this choice cannot be measured</source>
   <translation>diese Wahl lässt sich nicht messen</translation>
  </message>
  <message>
   <source>threshold of LLM.int8(): drag the line</source>
   <translation>Schwelle von LLM.int8(): Linie ziehen</translation>
  </message>
  <message>
   <source>tile %1</source>
   <translation>Kachel %1</translation>
  </message>
  <message>
   <source>today</source>
   <translation>heute</translation>
  </message>
  <message>
   <source>token</source>
   <translation>Token</translation>
  </message>
  <message>
   <source>token %1</source>
   <translation>Token %1</translation>
  </message>
  <message>
   <source>token %1 %2</source>
   <translation>Token %1 %2</translation>
  </message>
  <message>
   <source>token '%1'</source>
   <translation>Token „%1“</translation>
  </message>
  <message>
   <source>token |x| max</source>
   <translation>Token |x| max</translation>
  </message>
  <message>
   <source>token, dynamic</source>
   <translation>Token, dynamisch</translation>
  </message>
  <message>
   <source>token\channel</source>
   <translation>token\channel</translation>
  </message>
  <message>
   <source>tokenizer: %1</source>
   <translation>Tokenizer: %1</translation>
  </message>
  <message>
   <source>tokens</source>
   <translation>Tokens</translation>
  </message>
  <message>
   <source>top %1</source>
   <translation>erste %1</translation>
  </message>
  <message>
   <source>tr(D H Dᵀ) / 2 of D = Q(W) − W, with the damped Hessian H</source>
   <translation>tr(D H Dᵀ) / 2 von D = Q(W) − W, mit der gedämpften Hesse-Matrix H</translation>
  </message>
  <message>
   <source>tr(M)² / |M|² of the second moment M of the input: how many directions carry it.</source>
   <translation>tr(M)² / |M|² des zweiten Moments M des Eingangs: wie viele Richtungen ihn tragen.</translation>
  </message>
  <message>
   <source>tr(M)² / |M|² of the second moment M of the input: how many directions the input really uses</source>
   <translation>tr(M)² / |M|² des zweiten Moments M des Eingangs: wie viele Richtungen der Eingang wirklich benutzt</translation>
  </message>
  <message>
   <source>tries</source>
   <translation>Versuche</translation>
  </message>
  <message>
   <source>try</source>
   <translation>versuchen</translation>
  </message>
  <message>
   <source>unlock %1</source>
   <translation>%1 entsperren</translation>
  </message>
  <message>
   <source>untitled plan</source>
   <translation>unbenannter Plan</translation>
  </message>
  <message>
   <source>update</source>
   <translation>Anpassung</translation>
  </message>
  <message>
   <source>update, relative to the column</source>
   <translation>Anpassung, relativ zur Spalte</translation>
  </message>
  <message>
   <source>usual of the bits (fp8_e4m3, fp6_e2m3, fp4_e2m1)</source>
   <translation>übliches der Bits (fp8_e4m3, fp6_e2m3, fp4_e2m1)</translation>
  </message>
  <message>
   <source>v → o and up → down: %1 more</source>
   <translation>v → o und up → down: %1 weitere</translation>
  </message>
  <message>
   <source>value</source>
   <translation>Wert</translation>
  </message>
  <message>
   <source>values</source>
   <translation>Werte</translation>
  </message>
  <message>
   <source>values need the weight files</source>
   <translation>Werte brauchen die Gewichtsdateien</translation>
  </message>
  <message>
   <source>w</source>
   <translation>w</translation>
  </message>
  <message>
   <source>w %1, under A %2, under B %3.</source>
   <translation>w %1, unter A %2, unter B %3.</translation>
  </message>
  <message>
   <source>waiting</source>
   <translation>wartet</translation>
  </message>
  <message>
   <source>weight error of %1, norm-weighted</source>
   <translation>Gewichtsfehler von %1, normgewichtet</translation>
  </message>
  <message>
   <source>weight × 1/S</source>
   <translation>Gewicht × 1/S</translation>
  </message>
  <message>
   <source>weights</source>
   <translation>Gewichte</translation>
  </message>
  <message>
   <source>what each column costs when its turn comes</source>
   <translation>was jede Spalte kostet, wenn sie an der Reihe ist</translation>
  </message>
  <message>
   <source>what happens</source>
   <translation>was geschieht</translation>
  </message>
  <message>
   <source>what-if, not applied yet</source>
   <translation>Probe, noch nicht angewendet</translation>
  </message>
  <message>
   <source>whole plan</source>
   <translation>ganzer Plan</translation>
  </message>
  <message>
   <source>window</source>
   <translation>Fenster</translation>
  </message>
  <message>
   <source>window %1</source>
   <translation>Fenster %1</translation>
  </message>
  <message>
   <source>windows</source>
   <translation>Fenster</translation>
  </message>
  <message>
   <source>with S as powers of two</source>
   <translation>mit S als Zweierpotenzen</translation>
  </message>
  <message>
   <source>with a finding</source>
   <translation>mit Befund</translation>
  </message>
  <message>
   <source>with all blocks before it</source>
   <translation>mit allen Blöcken davor</translation>
  </message>
  <message>
   <source>with its fused siblings</source>
   <translation>mit ihren verschmolzenen Geschwistern</translation>
  </message>
  <message>
   <source>without findings</source>
   <translation>ohne Befunde</translation>
  </message>
  <message>
   <source>without smoothing</source>
   <translation>ohne Glättung</translation>
  </message>
  <message>
   <source>worst %1 → &lt;b&gt;%2&lt;/b&gt;</source>
   <translation>schlechteste %1 → &lt;b&gt;%2&lt;/b&gt;</translation>
  </message>
  <message numerus="yes">
   <source>worst of %n expert(s)</source>
   <translation>
    <numerusform>schlechtester von %n Experten</numerusform>
    <numerusform>schlechtester von %n Experten</numerusform>
   </translation>
  </message>
  <message>
   <source>w² / Uⱼⱼ², U the upper Cholesky factor of H⁻¹: the same for the columns that are left, as BiLLM's and GPTQ's code computes</source>
   <translation>w² / Uⱼⱼ², U der obere Cholesky-Faktor von H⁻¹: dasselbe für die verbleibenden Spalten, wie der Code von BiLLM und GPTQ es berechnet</translation>
  </message>
  <message>
   <source>w² / Uⱼⱼ², UᵀU = H⁻¹</source>
   <translation>w² / Uⱼⱼ², UᵀU = H⁻¹</translation>
  </message>
  <message>
   <source>w² / [H⁻¹]ⱼⱼ</source>
   <translation>w² / [H⁻¹]ⱼⱼ</translation>
  </message>
  <message>
   <source>w² / [H⁻¹]ⱼⱼ: twice the least squared output error, by token, that removing a weight adds (Optimal Brain Surgeon)</source>
   <translation>w² / [H⁻¹]ⱼⱼ: das Doppelte des kleinsten quadrierten Ausgangsfehlers pro Token, den das Entfernen eines Gewichts hinzufügt (Optimal Brain Surgeon)</translation>
  </message>
  <message>
   <source>w² / [H⁻¹]ⱼⱼ²</source>
   <translation>w² / [H⁻¹]ⱼⱼ²</translation>
  </message>
  <message>
   <source>w² / [H⁻¹]ⱼⱼ²: as printed in the paper</source>
   <translation>w² / [H⁻¹]ⱼⱼ²: wie in der Arbeit gedruckt</translation>
  </message>
  <message>
   <source>x</source>
   <translation>x</translation>
  </message>
  <message>
   <source>yesterday</source>
   <translation>gestern</translation>
  </message>
  <message>
   <source>zero rows</source>
   <translation>Nullzeilen</translation>
  </message>
  <message>
   <source>zoom, pan, fit</source>
   <translation>vergrößern, verschieben, einpassen</translation>
  </message>
  <message>
   <source>|D| / |W|: GPTQ pays with it for a smaller output error</source>
   <translation>|D| / |W|: GPTQ bezahlt damit einen kleineren Ausgangsfehler</translation>
  </message>
  <message>
   <source>|Q − W| over |W|. Hides outlier columns: they dominate the norm.</source>
   <translation>|Q − W| über |W|. Verbirgt Ausreißerspalten: sie beherrschen die Norm.</translation>
  </message>
  <message>
   <source>|Q(W) − W| / |W| inside the part</source>
   <translation>|Q(W) − W| / |W| innerhalb des Teils</translation>
  </message>
  <message>
   <source>|Q(W) − W| / |W| of the whole matrix</source>
   <translation>|Q(W) − W| / |W| der ganzen Matrix</translation>
  </message>
  <message>
   <source>|Q(W) − W| / |W| under the layer's scheme</source>
   <translation>|Q(W) − W| / |W| unter dem Schema der Schicht</translation>
  </message>
  <message>
   <source>|Q(W) − W| by tiles, both errors under one scale</source>
   <translation>|Q(W) − W| nach Kacheln, beide Fehler unter einer Skala</translation>
  </message>
  <message>
   <source>|W|</source>
   <translation>|W|</translation>
  </message>
  <message>
   <source>|W| absmax</source>
   <translation>|W| absmax</translation>
  </message>
  <message>
   <source>|W| after</source>
   <translation>|W| nachher</translation>
  </message>
  <message>
   <source>|W| before</source>
   <translation>|W| vorher</translation>
  </message>
  <message>
   <source>|W| max</source>
   <translation>|W| max</translation>
  </message>
  <message>
   <source>|W| of %1</source>
   <translation>|W| von %1</translation>
  </message>
  <message>
   <source>|W| of %1, block %2</source>
   <translation>|W| von %1, Block %2</translation>
  </message>
  <message>
   <source>|W| read</source>
   <translation>|W| lesend</translation>
  </message>
  <message>
   <source>|W| written</source>
   <translation>|W| schreibend</translation>
  </message>
  <message>
   <source>|W| × median</source>
   <translation>|W| × Median</translation>
  </message>
  <message>
   <source>|X Dᵀ| / |X Wᵀ| on the calibration data, D = Q(W) − W: the loss without what the damping adds</source>
   <translation>|X Dᵀ| / |X Wᵀ| auf den Kalibrierdaten, D = Q(W) − W: der Verlust ohne das, was die Dämpfung hinzufügt</translation>
  </message>
  <message>
   <source>|X|</source>
   <translation>|X|</translation>
  </message>
  <message>
   <source>|X| absmax</source>
   <translation>|X| absmax</translation>
  </message>
  <message>
   <source>|X| activations</source>
   <translation>|X| Aktivierungen</translation>
  </message>
  <message>
   <source>|X| after</source>
   <translation>|X| nachher</translation>
  </message>
  <message>
   <source>|X| before</source>
   <translation>|X| vorher</translation>
  </message>
  <message>
   <source>|X| into %1</source>
   <translation>|X| in %1</translation>
  </message>
  <message>
   <source>|X| into %1, block %2</source>
   <translation>|X| in %1, Block %2</translation>
  </message>
  <message>
   <source>|X| max</source>
   <translation>|X| max</translation>
  </message>
  <message>
   <source>|X| med.</source>
   <translation>|X| med.</translation>
  </message>
  <message>
   <source>|X| median</source>
   <translation>|X| Median</translation>
  </message>
  <message>
   <source>|X| of %1 tokens</source>
   <translation>|X| von %1 Tokens</translation>
  </message>
  <message>
   <source>|X| rms</source>
   <translation>|X| rms</translation>
  </message>
  <message>
   <source>|error| A</source>
   <translation>|Fehler| A</translation>
  </message>
  <message>
   <source>|error| B</source>
   <translation>|Fehler| B</translation>
  </message>
  <message>
   <source>|error| B − |error| A: %1 against %2</source>
   <translation>|Fehler| B − |Fehler| A: %1 gegen %2</translation>
  </message>
  <message>
   <source>|error| under B minus |error| under A, symmetric about 0</source>
   <translation>|Fehler| unter B minus |Fehler| unter A, symmetrisch um 0</translation>
  </message>
  <message>
   <source>|g|</source>
   <translation>|g|</translation>
  </message>
  <message>
   <source>|g| before %1</source>
   <translation>|g| vor %1</translation>
  </message>
  <message>
   <source>|g| before %1, block %2</source>
   <translation>|g| vor %1, Block %2</translation>
  </message>
  <message>
   <source>|x|</source>
   <translation>|x|</translation>
  </message>
  <message>
   <source>|x| max</source>
   <translation>|x| max</translation>
  </message>
  <message>
   <source>|x| ≥ %1 here</source>
   <translation>|x| ≥ %1 hier</translation>
  </message>
  <message>
   <source>± %1</source>
   <translation>± %1</translation>
  </message>
  <message>
   <source>× even share</source>
   <translation>× gleicher Anteil</translation>
  </message>
  <message>
   <source>× median</source>
   <translation>× Median</translation>
  </message>
  <message>
   <source>× the median, log</source>
   <translation>× Median, log</translation>
  </message>
  <message>
   <source>α %1, open curve</source>
   <translation>α %1, Kurve öffnen</translation>
  </message>
  <message>
   <source>−ln p after</source>
   <translation>−ln p nachher</translation>
  </message>
  <message>
   <source>−ln p before</source>
   <translation>−ln p vorher</translation>
  </message>
  <message>
   <source>≥ </source>
   <translation>≥ </translation>
  </message>
  <message>
   <source>≥ %1 σ</source>
   <translation>≥ %1 σ</translation>
  </message>
  <message>
   <source>≥ %1: %2 of the salience, in %3 of %4</source>
   <translation>≥ %1: %2 der Salienz, in %3 von %4</translation>
  </message>
  <message>
   <source>✓ Fused siblings %1 agree</source>
   <translation>✓ Verschmolzene Geschwister %1 stimmen überein</translation>
  </message>
 </context>
</TS>
