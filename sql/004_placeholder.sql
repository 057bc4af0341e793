-- The place of another change, which comes with it.
DO 0;
