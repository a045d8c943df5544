using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>How long a call may last, and why it was cut off: the client went, the server stops, or its time is up.</summary>
internal sealed class ConnectDeadline : IDisposable
{
    // The longest that timers take; a longer patience is not told apart from this one.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(40);

    private readonly CancellationTokenSource? _timer;
    private readonly CancellationTokenSource _all;
    private readonly CancellationToken _stopping;

    private ConnectDeadline(TimeSpan? limit, CancellationToken gone, CancellationToken stopping, TimeProvider time)
    {
        _stopping = stopping;
        _timer = limit is { } given ? new CancellationTokenSource(given < Longest ? given : Longest, time) : null;
        _all = CancellationTokenSource.CreateLinkedTokenSource(gone, stopping, _timer?.Token ?? CancellationToken.None);
    }

    public CancellationToken Token => _all.Token;

    /// <param name="limit">Null for no bound but the client's own presence.</param>
    /// <param name="stopping">Fires when the server stops.</param>
    public static ConnectDeadline Start(HttpContext http, TimeSpan? limit, CancellationToken stopping, TimeProvider time) =>
        new(limit, http.RequestAborted, stopping, time);

    /// <summary>What <c>Connect-Timeout-Ms</c> says; null when absent or 0.</summary>
    /// <exception cref="ConnectException">It is no number of at most ten digits.</exception>
    public static TimeSpan? Read(IHeaderDictionary headers)
    {
        string text = headers["Connect-Timeout-Ms"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return text.Length <= 10 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds)
            ? milliseconds == 0 ? null : TimeSpan.FromMilliseconds(milliseconds)
            : throw new ConnectException(ConnectCode.InvalidArgument, "Connect-Timeout-Ms must be a number of milliseconds of at most ten digits");
    }

    /// <summary>The error of a call that was cut off by this; null when it was something else that cut it off.</summary>
    public ConnectException? Reason()
    {
        if (_timer?.IsCancellationRequested is true)
        {
            return new ConnectException(ConnectCode.DeadlineExceeded, "the time that Connect-Timeout-Ms gave is up");
        }

        return _stopping.IsCancellationRequested
            ? new ConnectException(ConnectCode.Unavailable, "the server stops; what runs in the sandbox runs on: call again when it is back")
            : null;
    }

    public void Dispose()
    {
        _all.Dispose();
        _timer?.Dispose();
    }
}
