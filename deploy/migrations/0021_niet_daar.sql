-- A person says of a line of a plan that the next plan must not put it there, and may take that back.

grant update (soort, reden), delete on plan_keuze to loket_app;

comment on table plan_keuze is 'What a person decided before a plan was made: this aanvraag there, or not there, and what that costs; or afterwards, for the next: not there.';
