using Atoll.Control.Stores;

namespace Atoll.Control.Webhooks;

/// <summary>Tells the dispatcher which webhooks have something to deliver, once that is on disk.</summary>
internal sealed class DeliverySignal : IDisposable
{
    private readonly Database _database;

    // Touched by the store's writer only.
    private readonly HashSet<string> _appended = [];

    public DeliverySignal(Database database)
    {
        _database = database;
        _database.Committed += Tell;
    }

    /// <summary>Raised on the store's writer: must neither wait nor throw.</summary>
    public event Action<string>? Due;

    /// <summary>To be called by the work that writes a delivery.</summary>
    public void Appended(string webhook) => _appended.Add(webhook);

    public void Dispose() => _database.Committed -= Tell;

    private void Tell()
    {
        foreach (string webhook in _appended)
        {
            Due?.Invoke(webhook);
        }

        _appended.Clear();
    }
}
