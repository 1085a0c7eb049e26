-- New values of enumerations, in a transaction of their own: PostgreSQL lets nobody use them before it ends.

alter type aanvraag_status add value 'optie' after 'in_behandeling';
alter type aanvraag_status add value 'voorstel' after 'optie';
alter type aanvraag_status add value 'akkoord' after 'voorstel';
alter type aanvraag_status add value 'toestemming' after 'akkoord';
alter type aanvraag_status add value 'kennismaking' after 'toestemming';
alter type aanvraag_status add value 'definitief' after 'kennismaking';

alter type taak_soort add value 'melding' after 'plan';
alter type taak_soort add value 'mail' after 'melding';
alter type taak_soort add value 'haak' after 'mail';
alter type taak_soort add value 'termijn' after 'haak';
alter type taak_soort add value 'dagronde' after 'termijn';
