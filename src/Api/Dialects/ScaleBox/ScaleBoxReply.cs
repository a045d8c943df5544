using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Dialects.ScaleBox;

/// <summary>Wraps data in the dialect's envelope, or writes it bare where the contract has none.</summary>
internal sealed class ScaleBoxReply(TimeProvider time)
{
    public IResult Data<T>(T data, string? message = null, int status = StatusCodes.Status200OK) => Results.Json(
        new WireEnvelope<T>(true, data, message, time.GetUtcNow().UtcDateTime),
        ScaleBoxJson.Of<WireEnvelope<T>>(),
        statusCode: status);

    /// <summary>An envelope without data.</summary>
    public IResult Done(string message) => Raw(new WireDone(true, message, time.GetUtcNow().UtcDateTime));

    public static IResult Raw<T>(T data, int status = StatusCodes.Status200OK) =>
        Results.Json(data, ScaleBoxJson.Of<T>(), statusCode: status);

    public static WirePagination Pagination(Http.Paging paging, int total) => new(
        paging.Page, paging.Limit, total, (int)(((long)total + paging.Limit - 1) / paging.Limit), paging.Offset);
}
