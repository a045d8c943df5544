using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Atoll.Api.DataPlane.Connect;

/// <summary>Serves a method of one message each way.</summary>
internal sealed class UnaryEndpoint<TRequest, TResponse>(
    ConnectRuntime runtime, DataPlaneDialect dialect, int limit, Func<ConnectCall, TRequest, Task<TResponse>> handler)
    where TRequest : IMessage<TRequest>, new()
    where TResponse : IMessage<TResponse>
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (await ConnectRuntime.AcceptAsync(http, stream: false) is not { } content)
        {
            return;
        }

        ConnectDeadline? deadline = null;
        try
        {
            deadline = runtime.Deadline(http, ownTime: false);
            if (await runtime.CallAsync(http, dialect, deadline.Token) is { } call)
            {
                byte[] body = await new MessageReader(http.Request, limit, call.TakeMemory()).ReadBodyAsync(deadline.Token);
                TResponse response = await handler(call, content.Codec.Read<TRequest>(body)).WaitAsync(deadline.Token);
                await ConnectReply.WriteAsync(http, content, response);
            }
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted)
        {
            ConnectException error = runtime.ErrorOf(e, deadline, http);
            http.Response.Clear();
            await ConnectReply.WriteErrorAsync(http, error.Code, error.Message);
        }
        finally
        {
            deadline?.Dispose();
        }
    }
}
