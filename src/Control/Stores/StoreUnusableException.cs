namespace Atoll.Control.Stores;

/// <summary>The database cannot be used as it is; the message says what to do about it.</summary>
public sealed class StoreUnusableException(string message, Exception? inner = null) : Exception(message, inner);
