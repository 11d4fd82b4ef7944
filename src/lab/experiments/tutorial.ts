/** A section of RabbitMQ's tutorial "Work Queues". */
export function tutorial(section: string, anchor: string): { title: string; url: string } {
  return {
    title: `RabbitMQ tutorial 2, “${section}”`,
    url: `https://www.rabbitmq.com/tutorials/tutorial-two-python#${anchor}`,
  };
}
