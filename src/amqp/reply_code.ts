// Why a broker closes a channel or a connection (AMQP 0-9-1 section 1.2.2, reply codes).

/** The user may not do this. */
export const ACCESS_REFUSED = 403;
/** There is no such queue or exchange. */
export const NOT_FOUND = 404;
/** What is there has other properties; RabbitMQ says it of much else too. */
export const PRECONDITION_FAILED = 406;
