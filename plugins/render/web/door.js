"use strict";
/* A tab that had the page before, and is loaded anew, knows the token. */
const token = sessionStorage.getItem("vmpipe");
if (token && !location.search)
	location.replace("/?" + token + location.hash);
