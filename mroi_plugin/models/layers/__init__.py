"""Parts of the head: encoding, fusion, regressors, embedding."""
