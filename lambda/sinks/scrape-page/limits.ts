/** How much scrapers may ask of the page, each number with its reason. */

/** A scraper sends its request at once; a slower client only holds a connection. */
export const longestRequestMs = 10_000;

/** Some scrapers at a time are usual; hundreds are a mistake, and each holds memory. */
export const maxConnections = 100;

/** Of a header `Accept`: longer than any scraper's, and short enough to be read at every request. */
export const maxAcceptCharacters = 4096;
