-- The same comments, by the name of the module only: that stays when a folder changes.
comment on function geplaatst_hier() is
    'Aanvragen whose child lives at the aanbieder that asks, or lived there until at most `inzage_na_plaatsing` days ago (bewaren.py); a setting that is no number: not any more. Its people only: a machine sees no child.';
comment on table meldkeuze is 'How somebody wants to be told, per urgentie of the aanvraag; without a row as meldkeuzes.py says.';
comment on column bericht.soort is 'Which sentence: meldingen.py.';
comment on column route.details is 'Typed per soort; what must be filled in for a state, routesoorten.py says.';
comment on function cijfer_tellingen(cijfer_soort, date, date) is
    'How often: voorstellen that were sent, what was declined and why, who was passed over and why, how stays ended, brothers and sisters together or not. Small numbers are hidden by onderdrukking.py.';
