using Atoll.Domain;
using Atoll.Domain.Idempotency;
using Atoll.Domain.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Atoll.Api.Http;

/// <summary>
/// Does a request with an Idempotency-Key once, however often it comes (draft-ietf-httpapi-idempotency-key-header): the first is
/// done to its end though its client goes away, the answer is remembered, and whoever sends the same again is given it with
/// <c>Idempotency-Replayed: true</c>. Another request under the same key is 422, one that comes while the first is under way 409
/// with Retry-After. Answers of 5xx, 408, 401 and 429 are not remembered: the client may try again.
/// </summary>
internal sealed class Idempotency(RequestDelegate next, IRequestMemory memory, IHostApplicationLifetime lifetime)
{
    public const string ReplayedHeader = "Idempotency-Replayed";
    public const string RetryAfterSeconds = "1";

    public async Task InvokeAsync(HttpContext http)
    {
        if (!Changes(http) || http.Features.Get<Caller>() is not { } caller || IdempotencyKey.Of(http.Request.Headers) is not { } key)
        {
            await next(http);
            return;
        }

        byte[] body = await JsonRequest.ReadBytesAsync(http.Request, http.RequestAborted);
        http.Request.Body = new MemoryStream(body, writable: false);
        bool makesRoom = HttpMethods.IsDelete(http.Request.Method) || http.GetEndpoint()!.Metadata.GetMetadata<RoomMakingRoute>() is not null;
        switch (await memory.ClaimAsync(caller.User.Id, key, IdempotencyKey.Print(http.Request, body), makesRoom))
        {
            case RequestClaim.Answered { Answer: var answer }:
                http.Response.Headers[ReplayedHeader] = "true";
                await WriteAsync(http, answer);
                break;
            case RequestClaim.OtherRequest:
                throw new Fault(
                    FaultCode.KeyReused, $"this {IdempotencyKey.Header} was used for another request: choose a new key for each", IdempotencyKey.Header).AsException();
            case RequestClaim.UnderWay:
                throw new Fault(
                    FaultCode.RequestInProgress, "the request of this key is being done: repeat it soon to be given its answer", IdempotencyKey.Header).AsException();
            case RequestClaim.Yours { Operation: var operation }:
                http.Features.Set(caller with { Operation = operation });
                await PerformAsync(http, caller.User.Id, key, operation);
                break;
        }
    }

    private static bool Changes(HttpContext http)
    {
        string method = http.Request.Method;
        return (HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method) || HttpMethods.IsDelete(method))
            && http.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<StreamingRoute>() is null;
    }

    private async Task PerformAsync(HttpContext http, UserId user, string key, Operation operation)
    {
        RequestAnswer? answer = null;
        try
        {
            answer = await AnswerAsync(http);
            if (operation.IsRepeat && HttpMethods.IsDelete(http.Request.Method) && answer.Status == StatusCodes.Status404NotFound)
            {
                // The first attempt removed it.
                answer = new RequestAnswer(StatusCodes.Status204NoContent, null, null, default);
                http.Response.Headers.Clear();
            }
        }
        finally
        {
            await memory.EndAsync(user, key, answer is not null && IsKept(answer.Status) ? answer : null);
        }

        await WriteAsync(http, answer);
    }

    /// <summary>Lets the rest of the pipeline answer into memory, and to its end, though the client goes away.</summary>
    private async Task<RequestAnswer> AnswerAsync(HttpContext http)
    {
        CancellationToken client = http.RequestAborted;
        IHttpResponseBodyFeature wire = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var written = new MemoryStream();
        var held = new StreamResponseBodyFeature(written);
        using var ended = new CancellationTokenSource();
        // At its stop the server breaks connections off that do not end by themselves.
        using CancellationTokenRegistration left = client.Register(() => EndIf(lifetime.ApplicationStopping, ended));
        using CancellationTokenRegistration stopping = lifetime.ApplicationStopping.Register(() => EndIf(client, ended));
        http.Features.Set<IHttpResponseBodyFeature>(held);
        http.RequestAborted = ended.Token;
        try
        {
            await next(http);
            await held.CompleteAsync();
        }
        finally
        {
            http.RequestAborted = client;
            http.Features.Set(wire);
        }

        HttpResponse response = http.Response;
        return new RequestAnswer(response.StatusCode, response.ContentType, response.Headers.Location, written.ToArray());
    }

    private static void EndIf(CancellationToken also, CancellationTokenSource ended)
    {
        if (also.IsCancellationRequested)
        {
            ended.Cancel();
        }
    }

    private static bool IsKept(int status) => status is >= 200 and < 499
        and not (StatusCodes.Status401Unauthorized or StatusCodes.Status408RequestTimeout or StatusCodes.Status429TooManyRequests);

    private static async Task WriteAsync(HttpContext http, RequestAnswer answer)
    {
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        if (answer.Location is not null)
        {
            http.Response.Headers.Location = answer.Location;
        }

        if (answer.Body.Length > 0)
        {
            http.Response.ContentLength = answer.Body.Length;
            await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
        }
    }
}
