namespace Atoll.Domain.Events;

/// <summary>Where those who do things say that they happened. Webhooks, notifications and event streams follow from it.</summary>
public interface IEventLog
{
    /// <summary>Returns when the event is durable.</summary>
    Task AppendAsync(NewEvent happened);
}
