-- The database for the index of evidence; the guards make the tables in it. Change the password.
CREATE ROLE guard_index LOGIN PASSWORD 'change-me';
CREATE DATABASE guard_evidence OWNER guard_index;
